// The front, when who keeps the profiles, or one of them, does not answer.
import { describe, expect, it } from 'vitest'
import { BridgeError } from '../../src/errors.ts'
import { createFront } from '../../src/front/front.ts'
import { silentLog } from '../../src/log.ts'
import type { ProfileDirectory } from '../../src/profiles/ports.ts'
import { ADMIN_TOKEN, PUBLIC_URL } from '../support/known.ts'

function openFront(own: Partial<ProfileDirectory>, answer: () => Promise<Response>) {
  const removed: string[] = []
  const handle = { fetch: answer }
  const front = createFront({
    directory: {
      list: async () => [],
      open: async () => handle,
      create: async () => handle,
      remove: async (id) => void removed.push(id),
      ...own,
    },
    config: { adminToken: ADMIN_TOKEN, oauth1WindowMs: 0 },
    publicUrl: PUBLIC_URL,
    log: silentLog,
    now: () => 0,
    newId: () => 'id',
  })
  const ask = (path: string, method = 'GET') =>
    front.fetch(new Request(`${PUBLIC_URL}${path}`, { method, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }))
  return { ask, removed }
}

describe('a new profile', () => {
  it('is forgotten when it was refused, and kept in the list when nobody knows whether it was made', async () => {
    const refused = openFront({}, async () => Response.json({ error: 'request-invalid' }, { status: 400 }))
    expect((await refused.ask('/admin/profiles', 'POST')).status).toBe(400)
    expect(refused.removed).toHaveLength(1)

    const lost = openFront({}, () => Promise.reject(new Error('the connection was lost')))
    const answer = await lost.ask('/admin/profiles', 'POST')
    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 503,
      body: { id: expect.stringMatching(/^p[a-z2-7]{16}$/), remedy: expect.stringContaining('DELETE') },
    })
    expect(lost.removed).toEqual([])
  })
})

describe('the list of profiles', () => {
  it.each(['/metrics', '/readyz', '/admin/profiles', '/admin/status'])('is waited for by %s', async (path) => {
    const away = async () => Promise.reject(new BridgeError('store-failed', 'The list cannot be read now.'))
    const { ask } = openFront({ list: away, open: async () => undefined }, async () => new Response())
    const answer = await ask(path)
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain(path.startsWith('/admin') ? 'store-failed' : 'busy')
  })

  it('is asked in waves, and answered in its order', async () => {
    let most = 0
    let under = 0
    const ids = Array.from({ length: 120 }, (_, at) => `p${String(at).padStart(16, 'a')}`)
    const { ask } = openFront({ list: async () => ids }, async () => {
      most = Math.max(most, ++under)
      await new Promise((resolve) => setImmediate(resolve))
      under -= 1
      return Response.json([])
    })
    const text = await (await ask('/metrics')).text()
    expect([...text.matchAll(/profile_up\{profile="([^"]+)"\} 1/g)].map(([, id]) => id)).toEqual(ids)
    expect(most).toBeLessThanOrEqual(50)
  })
})
