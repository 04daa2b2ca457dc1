// One address for several profiles: whose a request is, what nobody's gets, and what is about all of them.
import { describe, expect, it } from 'vitest'
import { createFront } from '../../src/front/front.ts'
import { silentLog } from '../../src/log.ts'
import { ADMIN_TOKEN, BASE, CONSUMER, PUBLIC_URL } from '../support/known.ts'
import { bodyOf, defaultOf, openTown, school, type Town } from './town.ts'

const LAKE = 'lake.example.org'
const HILL = 'hill.example.org'

async function openBoth({ hasDefault = false, settings = {} } = {}) {
  const [lake, hill] = [school(1), school(2, { students: 25 })]
  const town = await openTown({
    servers: { [LAKE]: lake, [HILL]: hill },
    settings: { ...(hasDefault ? defaultOf(LAKE, lake) : {}), ...settings },
  })
  const ids = [await town.add(bodyOf(LAKE, lake)), await town.add(bodyOf(HILL, hill))] as const
  return { town, ids, lake, hill }
}

const total = async (town: Town, token: string) =>
  Number((await town.roster('/students?limit=1', token)).headers.get('x-total-count'))

const ask = (town: Town, path: string, init?: RequestInit) => town.fetch(new Request(`${PUBLIC_URL}${path}`, init))

describe('a consumer', () => {
  it('reaches its own profile, and no other', async () => {
    const { town, ids } = await openBoth({ hasDefault: true })
    const tokens = [
      await town.token(),
      await town.token(await town.consumer(ids[0])),
      await town.token(await town.consumer(ids[1])),
    ] as const
    const totals = await Promise.all(tokens.map((token) => total(town, token)))
    expect(totals[0]).toBe(totals[1])
    expect(totals[2]).toBeGreaterThan(0)
    expect(totals[2]).toBeLessThan(totals[0] ?? 0)
  })

  it('opens nothing with a token that names another profile', async () => {
    const { town, ids } = await openBoth()
    const [a, b] = [await town.consumer(ids[0]), await town.consumer(ids[1])]
    const [header, payload = '', signature] = (await town.token(a)).split('.')
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
    const forged = btoa(JSON.stringify({ ...claims, sub: b.id }))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '')
    expect((await town.roster('/users', [header, forged, signature].join('.'))).status).toBe(401)
    expect(await town.token({ id: b.id, secret: a.secret })).toBe('')
  })

  it('gets a token whether its id is in the header, a form or JSON', async () => {
    const { town, ids } = await openBoth({ hasDefault: true })
    const { id, secret } = await town.consumer(ids[1])
    const grant = { grant_type: 'client_credentials', client_id: id, client_secret: secret }
    const bodies = [
      { body: new URLSearchParams(grant) },
      { body: JSON.stringify(grant), headers: { 'content-type': 'application/json' } },
      { headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` } },
      {
        headers: { authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${secret}`)}` },
        body: 'grant_type=client_credentials',
      },
    ]
    for (const path of ['/oauth/token', '//token/', '/OAuth2/Token']) {
      for (const init of bodies) {
        expect((await ask(town, path, { method: 'POST', ...init })).status).toBe(200)
      }
    }
  })

  it('may sign by OAuth 1.0a: the key leads to its profile, which refuses what is not signed', async () => {
    const { town, ids } = await openBoth({ hasDefault: true })
    const { id } = await town.consumer(ids[1])
    const parts = {
      oauth_consumer_key: id,
      oauth_nonce: 'n',
      oauth_signature: 'x',
      oauth_signature_method: 'HMAC-SHA256',
      oauth_timestamp: '1',
    }
    const header = Object.entries(parts)
      .map(([name, value]) => `${name}="${encodeURIComponent(value)}"`)
      .join(', ')
    const before = town.logged.length
    const answer = await ask(town, `${BASE}/users`, { headers: { authorization: `OAuth ${header}` } })
    expect(answer.status).toBe(401)
    expect(town.logged.slice(before).join('\n')).toContain(`"profile":"${ids[1]}"`)
  })

  it('is refused in the same words whether it was never there, or its profile is gone, with a default or without', async () => {
    const bodies: unknown[] = []
    for (const hasDefault of [true, false]) {
      const { town, ids } = await openBoth({ hasDefault })
      const gone = await town.consumer(ids[1])
      const token = await town.token(gone)
      await town.admin('DELETE', `/profiles/${ids[1]}`)
      await town.settled()
      const tokenRequest = ({ id, secret }: typeof gone) => ({
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
        body: 'grant_type=client_credentials',
      })
      const present = await town.consumer(ids[0])
      const asked = [
        await ask(town, '/oauth/token', tokenRequest({ ...present, secret: 'wrong' })),
        await ask(town, '/oauth/token', tokenRequest(gone)),
        await ask(town, '/oauth/token', tokenRequest({ id: 'nobody', secret: 'nothing' })),
        await ask(town, `${BASE}/users`, { headers: { authorization: `Bearer ${token}` } }),
        await ask(town, `${BASE}/users`, { headers: { authorization: 'Bearer a.b.c' } }),
        await ask(town, `${BASE}/users`),
        await ask(town, '/ims/oneroster/rostering/v1p2/users', { headers: { authorization: 'Bearer a.b.c' } }),
      ]
      expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 401))
      bodies.push(
        await Promise.all(
          asked.map(async (answer) => [
            [...answer.headers].filter(([name]) => name !== 'date'),
            (await answer.text()).replace(/id-\d+/g, 'id'),
          ]),
        ),
      )
    }
    expect(bodies[1]).toEqual(bodies[0])
    const [wrong, gone, nobody] = bodies[0] as unknown[]
    expect(gone).toEqual(wrong)
    expect(nobody).toEqual(wrong)
  })

  it('finds the documents of 1.2 without a token', async () => {
    const { town } = await openBoth()
    const answer = await ask(
      town,
      '/ims/oneroster/rostering/v1p2/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json',
    )
    expect(answer.status).toBe(200)
  })
})

describe('the admin API', () => {
  it('is not there without its token', async () => {
    const { town, ids } = await openBoth()
    for (const path of ['/admin/profiles', `/admin/profiles/${ids[0]}`, '/admin/status', '/admin/syncs']) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await ask(town, path, { method, headers: { authorization: 'Bearer wrong' } })
        expect(answer.status).toBe(404)
        expect(await answer.json()).toMatchObject({ message: expect.stringContaining('Nothing here') })
      }
    }
  })

  it('has all that a profile has below the profile', async () => {
    const { town, ids } = await openBoth()
    const { json } = await town.admin('POST', `/profiles/${ids[1]}/syncs`)
    expect(json.href).toBe(`${PUBLIC_URL}/admin/profiles/${ids[1]}/syncs/${json.id}`)
    await town.settled()
    const sync = await town.admin('GET', `/profiles/${ids[1]}/syncs/${json.id}`)
    expect(sync.json.status).toBe('success')
    expect((await town.admin('GET', `/profiles/${ids[0]}/syncs/${json.id}`)).status).toBe(404)
    const answers = ['readiness', 'mapping/columns', 'consumers', 'status', 'profileStatus'].map((path) =>
      town.admin('GET', `/profiles/${ids[1]}/${path}`),
    )
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200)
    expect((await town.admin('GET', `/profiles/${ids[1]}/records/users/x`)).json.error).toBe('not-found')
    expect((await town.admin('GET', '/syncs')).json.message).toMatch(/no profile of the environment/)
    expect((await town.admin('GET', '/profiles/paaaaaaaaaaaaaaaa')).status).toBe(404)
    expect((await town.admin('GET', '/profiles/..%2f..%2fx')).status).toBe(404)
  })

  it('tells of all profiles at once', async () => {
    const { town, ids } = await openBoth({ hasDefault: true })
    const { json } = await town.admin('GET', '/status')
    expect(json.profiles.map((one: { id: string }) => one.id)).toEqual(['default', ...ids])
    expect(json.profiles[1]).toMatchObject({
      name: ids[0],
      displayName: LAKE,
      isReady: true,
      profile: { state: 'provisioned' },
    })
    expect((await town.admin('GET', '/profiles')).json.profiles).toMatchObject([
      { id: 'default', status: { status: 'success' } },
      { id: ids[0], displayName: LAKE, status: { status: 'success' } },
      { id: ids[1], displayName: HILL, status: { status: 'success' } },
    ])
  })
})

describe('what is for machines', () => {
  it('keeps what profiles ask each other from the outside', async () => {
    const { town, ids } = await openBoth({ hasDefault: true, settings: { PUBLIC_URL: `${PUBLIC_URL}/roster` } })
    const paths = [
      '/internal/metrics',
      '/internal/summary',
      '//internal/summary',
      '/%69nternal/summary',
      '/internal/member',
      '/roster/internal/summary',
    ]
    for (const path of [...paths, '/INTERNAL/profile', `/ims/../internal/summary`]) {
      for (const method of ['GET', 'POST']) {
        expect((await ask(town, path, { method })).status).toBe(404)
      }
    }
    expect((await town.admin('GET', `/profiles/${ids[0]}/internal/summary`)).status).toBe(404)
  })

  it('is ready when the profile of the environment is, or else every provisioned one', async () => {
    const { town, ids } = await openBoth()
    expect((await ask(town, '/readyz')).status).toBe(200)
    expect((await ask(town, `/readyz/${ids[0]}`)).status).toBe(200)
    expect((await ask(town, '/readyz/paaaaaaaaaaaaaaaa')).status).toBe(404)
    expect((await ask(town, '/healthz')).status).toBe(200)
    town.stores.get(ids[1])?.run('delete from generations')
    expect((await ask(town, '/readyz')).status).toBe(503)
  })

  it('counts each profile by itself, under names that stand once', async () => {
    const { town, ids } = await openBoth({ hasDefault: true })
    const text = await (await ask(town, '/metrics')).text()
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    for (const sample of samples) expect(sample).toMatch(/\{profile="(?:default|p[a-z2-7]{16})"/)
    for (const id of ['default', ...ids])
      expect(text).toContain(`oneroster_bridge_snapshot_generation{profile="${id}"} 1`)
    const types = text.split('\n').filter((line) => line.startsWith('# TYPE'))
    expect(new Set(types).size).toBe(types.length)
    const one = await (await ask(town, `/metrics/${ids[0]}`)).text()
    expect(one).toContain(ids[0])
    expect(one).not.toContain(ids[1])
  })

  it('tells of a profile that cannot answer, and lets the others be', async () => {
    const { town, ids } = await openBoth()
    const token = await town.token(await town.consumer(ids[0]))
    town.stores.get(ids[1])?.run('drop table generations')
    expect(await (await ask(town, '/metrics')).text()).toContain(`oneroster_bridge_profile_up{profile="${ids[1]}"} 0`)
    expect((await town.roster('/users?limit=1', token)).status).toBe(200)
    const { json } = await town.admin('GET', '/profiles')
    expect(json.profiles).toHaveLength(2)
  })
})

it('answers 503 to consumers where nobody can tell which profiles there are', async () => {
  const away = async () => {
    throw new Error('away')
  }
  const front = createFront({
    directory: { list: away, open: away, create: away, remove: away },
    config: { adminToken: ADMIN_TOKEN, oauth1WindowMs: 0 },
    publicUrl: PUBLIC_URL,
    log: silentLog,
    now: () => 0,
    newId: () => 'id',
  })
  for (const path of [`${BASE}/users`, '/oauth/token']) {
    const answer = await front.fetch(new Request(`${PUBLIC_URL}${path}`))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('10')
  }
})

describe('a group', () => {
  it('is made of profiles, answers for both, and follows them', async () => {
    const [lake, hill] = [school(1), school(2, { students: 25 })]
    const town = await openTown({ servers: { [LAKE]: lake, [HILL]: hill } })
    const members = [
      await town.add(bodyOf(LAKE, lake, { idPrefix: 'lake-' })),
      await town.add(bodyOf(HILL, hill, { idPrefix: 'hill-' })),
    ]
    const dataProvider = { '@odata.type': '#oneroster.group', profiles: members }
    const refused = await town.admin('POST', '/profiles', {
      displayName: 'Both',
      dataProvider: { ...dataProvider, profiles: [...members, 'paaaaaaaaaaaaaaaa'] },
    })
    expect(refused).toMatchObject({ status: 400, json: { messages: [expect.stringContaining('paaaaaaaaaaaaaaaa')] } })
    const group = await town.add({ displayName: 'Both', dataProvider, org: { name: 'Valley', identifier: 'valley' } })
    const [all, one, other] = await Promise.all(
      [group, ...members].map(async (id) => total(town, await town.token(await town.consumer(id)))),
    )
    expect(all).toBe((one ?? 0) + (other ?? 0))
    expect((await town.admin('GET', `/profiles/${group}`)).json).toMatchObject({ state: 'provisioned', dataProvider })

    const before = (await town.admin('GET', `/profiles/${group}/syncs`)).json.syncs.length
    hill.district.db.exec(
      `update students set first_name = 'Renamed' where id = (select min(id) from students where enroll_status = 0)`,
    )
    await town.admin('POST', `/profiles/${members[1]}/syncs`)
    await town.settled()
    await town.pass(1_000)
    expect((await town.admin('GET', `/profiles/${group}/syncs`)).json.syncs.length).toBeGreaterThan(before)

    await town.restart()
    expect(await total(town, await town.token(await town.consumer(group)))).toBe(all)
  })
})

describe('the consumer of the settings', () => {
  it('is the same as before, dots or not', async () => {
    const lake = school(1)
    const id = `${CONSUMER.id}.with.dots`
    const town = await openTown({
      servers: { [LAKE]: lake },
      settings: { ...defaultOf(LAKE, lake), ONEROSTER_CLIENT_ID: id },
    })
    expect(await total(town, await town.token({ id, secret: CONSUMER.secret }))).toBeGreaterThan(0)
  })
})
