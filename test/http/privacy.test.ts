// What an internal error tells, and what no log line may hold: a name, an address, a token or a secret.
import { describe, expect, test } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { addStudent, renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN, BASE, CONSUMER } from '../support/known.ts'
import { bearer, readWhole, request, statusOf, textsAt } from './support.ts'

const small = () => createDistrict({ students: 60, seed: 16, today: '2026-11-18' })

describe('an internal error', () => {
  test.each(['/users', '/users/stu100001', '/users?fields=role', '/schools/sch3/students'])(
    'at %s is a plain 500 whose id is in the log',
    async (path) => {
      const bridge = await openTestBridge({ district: small() })
      await bridge.syncNow()
      await bridge.get('/orgs')
      bridge.sql.run('drop table records_users')
      const answer = await bridge.get(path)
      expect(answer.status).toBe(500)
      const info = await statusOf(answer)
      expect(info).toEqual({
        imsx_codeMajor: 'failure',
        imsx_severity: 'error',
        imsx_codeMinor: 'internal_server_error',
        imsx_messageRefIdentifier: expect.stringMatching(/./),
        imsx_description: expect.not.stringMatching(/table|records|sql/i),
      })
      const lines = bridge.logged.map((line) => JSON.parse(line) as Record<string, string>)
      const failed = lines.filter(({ event }) => event === 'request-failed')
      expect(failed).toEqual([expect.objectContaining({ level: 'error', requestId: info.imsx_messageRefIdentifier })])
      expect(failed[0]?.message).toContain('records_users')
      expect((await bridge.get('/orgs')).status).toBe(200)
    },
  )

  test('has no body to HEAD, and a readyz of its own', async () => {
    const bridge = await openTestBridge({ district: small() })
    await bridge.syncNow()
    const headers = bearer(await bridge.token())
    bridge.sql.run('drop table records_users')
    const head = await request(bridge, `${BASE}/users`, { method: 'HEAD', headers })
    expect([head.status, await head.text()]).toEqual([500, ''])
    expect((await request(bridge, '/readyz')).status).toBe(200)
  })
})

/** Every kind of request that there is, good and bad; answers the tokens that it used. */
async function exercise(bridge: TestBridge, words: readonly string[]): Promise<string[]> {
  const used = [await bridge.token(), 'a-token-that-nobody-issued', `${CONSUMER.secret}-mistyped`]
  const [token = ''] = used
  const [name = '', email = ''] = words
  const paths = [
    '/users',
    '/demographics?limit=5',
    '/users/stu100001',
    '/users/none',
    `/users/${encodeURIComponent(name)}`,
    `/users?filter=${encodeURIComponent(`familyName='${name}'`)}`,
    `/users?filter=${encodeURIComponent(`email='${email}'`)}`,
    `/users?filter=${encodeURIComponent(`${email}='x'`)}`,
    `/users?sort=${encodeURIComponent(name)}&fields=${encodeURIComponent(email)}`,
    `/users?access_token=${token}`,
    `/${encodeURIComponent(email)}`,
  ]
  for (const path of paths) {
    for (const sent of used) await request(bridge, `${BASE}${path}`, { headers: bearer(sent) })
    await request(bridge, path, { method: 'POST', headers: bearer(token), body: JSON.stringify(words) })
  }
  const credentials = [
    [CONSUMER.id, CONSUMER.secret],
    [CONSUMER.id, `${CONSUMER.secret}-mistyped`],
    [CONSUMER.secret, CONSUMER.id],
    [email, name],
  ]
  for (const [id = '', secret = ''] of credentials) {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret })
    await request(bridge, '/oauth/token', { method: 'POST', body })
    await request(bridge, `/oauth/token?${body}`, { method: 'POST' })
  }
  for (const sent of [ADMIN_TOKEN, `${ADMIN_TOKEN}-mistyped`]) {
    await request(bridge, '/admin/status', { headers: bearer(sent) })
    await request(bridge, `/admin/syncs/${encodeURIComponent(name)}/resume`, { method: 'POST', headers: bearer(sent) })
  }
  return used
}

test('the log of syncs and requests, good and bad, and the list of syncs hold no name, no address, no token and no secret', async () => {
  const district = createDistrict({ students: 200, seed: 17, today: '2026-11-18' })
  // People whom the mapping rejects, or whose values it cannot use, are told of by id.
  addStudent(district, 1010, { first_name: 'Unnamedlast', last_name: null })
  renameStudent(district, 100002, 'Oddmailer', 'Oddmailerson')
  const bridge = await openTestBridge({ district })
  const kinds = ['busy', 'error-500', 'cut-off', 'broken-json', 'html', 'token-revoked'] as const
  for (const kind of kinds) bridge.powerSchool.faults.add({ kind, path: '/ws/v1/*' })
  await bridge.syncNow()
  renameStudent(district, 100003, 'Freshly', 'Renamedson')
  await bridge.syncNow()
  bridge.powerSchool.settings.v1Level = 'NONE'
  expect((await bridge.syncNow()).status).toBe('error')

  const users = await readWhole(bridge, '/users')
  const people = users.flatMap((user) =>
    ['givenName', 'familyName', 'email', 'phone', 'username'].flatMap((field) => textsAt(user, field)),
  )
  const used = await exercise(bridge, ['Renamedson', 's400003@example.net'])
  const { credentials } = bridge.powerSchool
  const secrets = [CONSUMER.secret, ADMIN_TOKEN, credentials.clientSecret, ...used]
  expect(people).toContain('Renamedson')
  expect(bridge.powerSchool.faults.struck()).toBe(kinds.length)

  // What an operator is shown of the syncs has to be as silent.
  const shown = await (await request(bridge, '/admin/syncs', { headers: bearer(ADMIN_TOKEN) })).text()
  expect(shown).toContain('powerschool-rights')
  const text = [...bridge.logged, shown].join('\n')
  expect([...secrets, 'Unnamedlast', 'Oddmailer'].filter((secret) => text.includes(secret))).toEqual([])
  expect(text).not.toContain('@example')
  const words = new Set(text.split(/[^\p{L}\p{N}@.+'-]+/u))
  expect([...new Set(people)].filter((value) => value.length > 2 && words.has(value))).toEqual([])
})
