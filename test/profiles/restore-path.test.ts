// `POST /admin/profiles/{id}/restore`: who may, what is asked for, and what is answered.
import { describe, expect, it } from 'vitest'
import { createFront } from '../../src/front/front.ts'
import type { RestoreOutcome } from '../../src/front/restore.ts'
import { silentLog } from '../../src/log.ts'
import { ADMIN_TOKEN, PUBLIC_URL } from '../support/known.ts'
import { bodyOf, openTown, school } from './town.ts'

const ID = 'pabcdefghijklmnop'
const NOW = Date.parse('2026-11-22T12:00:00Z')

function openFront(outcome: RestoreOutcome) {
  const asked: unknown[] = []
  const handle = { fetch: async () => new Response('not for a profile', { status: 500 }) }
  const front = createFront({
    directory: {
      list: async () => [ID],
      open: async (id) => (id === ID ? handle : undefined),
      create: async () => handle,
      remove: async () => {},
    },
    config: { adminToken: ADMIN_TOKEN, oauth1WindowMs: 0 },
    publicUrl: PUBLIC_URL,
    log: silentLog,
    now: () => NOW,
    newId: () => 'id',
    restorer: {
      async restore(...given) {
        asked.push(given)
        return outcome
      },
    },
  })
  const post = async (body: string, { id = ID, token = ADMIN_TOKEN } = {}) => {
    const headers = { authorization: `Bearer ${token}` }
    const url = `${PUBLIC_URL}/admin/profiles/${id}/restore`
    const answer = await front.fetch(new Request(url, { method: 'POST', headers, body }))
    // Of a body that is too long the answer is a text.
    const text = await answer.text()
    return { status: answer.status, json: text.startsWith('{') ? JSON.parse(text) : text }
  }
  return { asked, post }
}

const DONE = { ok: true, bookmark: 'b-1', isDone: true } as const

describe('the restore of a profile', () => {
  it('goes to a time or a bookmark, and answers how to undo it', async () => {
    const { asked, post } = openFront(DONE)
    expect(await post('{"to": "2026-11-20T08:00:00+01:00"}')).toMatchObject({
      status: 202,
      json: { id: ID, bookmark: 'b-1', message: expect.stringContaining('as it was then') },
    })
    expect(await post('{"bookmark": "00-11-aa"}')).toMatchObject({ status: 202 })
    expect(asked).toEqual([
      [ID, { toMs: Date.parse('2026-11-20T07:00:00Z') }],
      [ID, { bookmark: '00-11-aa' }],
    ])
    const later = await openFront({ ...DONE, isDone: false }).post('{"bookmark": "b"}')
    expect(later).toMatchObject({ status: 202, json: { bookmark: 'b-1', message: expect.stringContaining('hour') } })
  })

  it.each([
    ['no JSON', 'to: yesterday', 'neither'],
    ['both', '{"to": "2026-11-20T08:00:00Z", "bookmark": "b"}', 'neither'],
    ['another key', '{"time": "2026-11-20T08:00:00Z"}', 'neither'],
    ['nothing', '{}', 'neither'],
    ['a list', '["to"]', 'neither'],
    ['no time', '{"to": "yesterday"}', '`to` is not an instant'],
    ['a number', '{"to": 1}', '`to` is not an instant'],
    ['the future', '{"to": "2026-11-22T12:00:00Z"}', 'not in the past'],
    ['no bookmark', '{"bookmark": "a b"}', '`bookmark` is not one'],
  ])('refuses %s', async (_, body, says) => {
    const { asked, post } = openFront(DONE)
    const { status, json } = await post(body)
    expect(status).toBe(400)
    expect(json).toMatchObject({ error: 'request-invalid', messages: [expect.stringContaining(says)] })
    expect(asked).toEqual([])
  })

  it('says what the platform says when that lies out of reach', async () => {
    const { post } = openFront({ ok: false, message: 'older than 30 days' })
    expect(await post('{"to": "2026-01-01"}')).toEqual({
      status: 409,
      json: { error: 'out-of-reach', message: 'older than 30 days', remedy: expect.stringContaining('30 days') },
    })
  })

  it('is for who administers, of profiles that are there, in few words', async () => {
    const { asked, post } = openFront(DONE)
    const body = '{"bookmark": "b"}'
    expect((await post(body, { token: 'wrong' })).status).toBe(404)
    expect((await post(body, { id: 'pqqqqqqqqqqqqqqqq' })).status).toBe(404)
    expect((await post(body, { id: '..' })).status).toBe(404)
    expect((await post(`{"bookmark": "${'b'.repeat(5_000)}"}`)).status).toBe(413)
    expect(asked).toEqual([])
  })

  it('is told to be done by a backup where profiles are files', async () => {
    const lake = school(1)
    const town = await openTown({ servers: { 'lake.example.org': lake } })
    const id = await town.add(bodyOf('lake.example.org', lake))
    const { status, json } = await town.admin('POST', `/profiles/${id}/restore`, { to: '2025-10-01' })
    expect({ status, json }).toMatchObject({ status: 404, json: { remedy: expect.stringContaining('docs/deploy.md') } })
  })
})
