// Several profiles in a real process: two PowerSchools behind one endpoint, on files, over restarts and by the command line.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { consumerOf, fetchToken } from '../e2e/consumer.ts'
import { ADMIN_TOKEN, type RunningPowerSchool, startPowerSchool } from '../e2e/powerschool.ts'
import { dataDir, runCli, type Server, spawnNode, startServer, until } from '../e2e/processes.ts'

const settingsOf = (folder: string) => ({
  ADMIN_TOKEN,
  DATA_DIR: folder,
  PORT: '0',
  SYNC_INTERVAL: 'PT0S',
  POWERSCHOOL_TEMPLATE: 'rest',
})

/** Only the running server knows its port. */
const cliSettings = (folder: string) => ({ ...settingsOf(folder), PUBLIC_URL: 'https://bridge.example.org' })

async function admin({ url }: Server, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}/admin${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, text, json: text === '' ? undefined : JSON.parse(text) }
}

const bodyOf = (powerSchool: RunningPowerSchool, displayName: string) => ({
  displayName,
  dataProvider: { connectionUrl: powerSchool.url, ...powerSchool.credentials },
})

async function addProfile(server: Server, body: unknown): Promise<string> {
  const { status, text, json } = await admin(server, 'POST', '/profiles', body)
  if (status !== 202) throw new Error(text)
  return json.id
}

const statusOf = async (server: Server, id: string) => (await admin(server, 'GET', `/profiles/${id}/status`)).json

const untilPublished = (server: Server, id: string) =>
  until(async () => {
    const status = await statusOf(server, id)
    return status?.status === 'success' && status
  })

const countStudents = async (server: Server, consumer: { id: string; secret: string }) => {
  const { token } = await fetchToken(server, consumer)
  const answer = await (await consumerOf(server, token)).get('/students?limit=1')
  return answer.ok ? Number(answer.headers.get('x-total-count')) : answer.status
}

describe('npm start with profiles', () => {
  it('needs no connection of its own where profiles can be made, and keeps them over a restart', async () => {
    const [lake, hill] = [await startPowerSchool(), await startPowerSchool({ seed: 9, students: 30 })]
    const folder = dataDir()
    const first = await startServer(settingsOf(folder))
    const ids = [await addProfile(first, bodyOf(lake, 'Lake')), await addProfile(first, bodyOf(hill, 'Hill'))] as const
    for (const id of ids) await untilPublished(first, id)
    const consumers = []
    for (const id of ids) consumers.push((await admin(first, 'POST', `/profiles/${id}/consumers`, { name: 'c' })).json)
    const counts = await Promise.all(consumers.map((consumer) => countStudents(first, consumer)))
    expect(counts[0]).toBeGreaterThan(counts[1] ?? 0)
    expect(counts[1]).toBeGreaterThan(0)

    expect((await admin(first, 'POST', `/profiles/${ids[0]}/pause`)).status).toBe(200)
    const { code, stderr } = await first.terminate()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })

    const second = await startServer(settingsOf(folder))
    expect(await Promise.all(consumers.map((consumer) => countStudents(second, consumer)))).toEqual(counts)
    expect(await statusOf(second, ids[0])).toMatchObject({ status: 'paused', isPaused: true })
    const refused = await runCli(['sync', '--now', '--profile', ids[0]], cliSettings(folder))
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('paused') })

    expect((await admin(second, 'DELETE', `/profiles/${ids[1]}`)).status).toBe(202)
    await until(async () => (await admin(second, 'GET', `/profiles/${ids[1]}`)).status === 404)
    expect(readdirSync(join(folder, 'profiles')).filter((name) => name.startsWith(ids[1]))).toEqual([])
    expect(await countStudents(second, consumers[1])).toBe(401)
    expect(await countStudents(second, consumers[0])).toBe(counts[0])

    const events = [...first.events(), ...second.events()]
    expect(events.filter(({ event }) => event === 'sync-started').map(({ profile }) => profile)).toEqual(
      expect.arrayContaining([...ids]),
    )
    const secrets = [
      ...consumers.map(({ secret }) => secret),
      lake.credentials.clientSecret,
      hill.credentials.clientSecret,
    ]
    for (const name of readdirSync(join(folder, 'profiles'))) {
      const bytes = readFileSync(join(folder, 'profiles', name)).toString('latin1')
      for (const secret of secrets) expect(bytes).not.toContain(secret)
    }
    for (const secret of secrets) expect(first.output.stdout + second.output.stdout).not.toContain(secret)
  })

  it('serves the others where the file of one is broken', async () => {
    const lake = await startPowerSchool()
    const folder = dataDir()
    const first = await startServer(lake.environment(folder))
    const id = await addProfile(first, bodyOf(lake, 'Lake'))
    await untilPublished(first, id)
    const consumer = (await admin(first, 'POST', `/profiles/${id}/consumers`, { name: 'c' })).json
    await first.terminate()
    writeFileSync(join(folder, 'profiles', `${id}.sqlite`), 'this is no database, whatever its name says '.repeat(300))

    const second = await startServer(lake.environment(folder))
    expect(second.events()).toContainEqual(expect.objectContaining({ event: 'profile-broken', profile: id }))
    expect((await fetchToken(second)).status).toBe(200)
    expect((await fetchToken(second, consumer)).status).toBe(503)
    expect((await admin(second, 'GET', `/profiles/${id}`)).json).toMatchObject({
      error: 'store-failed',
      remedy: expect.any(String),
    })
    const { profiles } = (await admin(second, 'GET', '/profiles')).json
    expect(profiles).toHaveLength(2)
    expect(profiles[1]).toMatchObject({ id, error: { error: 'store-failed', remedy: expect.any(String) } })
    const forged = `e30.${Buffer.from(JSON.stringify({ sub: consumer.id })).toString('base64url')}.x`
    const strange = await fetch(`${second.url}/ims/oneroster/v1p1/users/admin/x`, {
      headers: { authorization: `Bearer ${forged}` },
    })
    expect(strange.status).toBe(503)
    expect(await strange.text()).not.toContain(folder)
    expect((await second.terminate()).code).toBe(0)
  })

  it('serves the others when one is deleted before its turn to start has come', async () => {
    const lake = await startPowerSchool()
    const folder = dataDir()
    const first = await startServer(settingsOf(folder))
    const ids: string[] = []
    for (const name of ['A', 'B', 'C']) ids.push(await addProfile(first, bodyOf(lake, name)))
    for (const id of ids) await untilPublished(first, id)
    await first.terminate()

    const second = await startServer(settingsOf(folder))
    expect((await admin(second, 'DELETE', `/profiles/${ids[1]}`)).status).toBe(202)
    const last = { event: 'sync-ended', profile: ids[2] }
    await until(async () => {
      const { ok } = await fetch(`${second.url}/healthz`)
      return ok && second.events().some(({ event, profile }) => event === last.event && profile === last.profile)
    })
    expect((await admin(second, 'GET', `/profiles/${ids[1]}`)).status).toBe(404)
    expect((await second.terminate()).code).toBe(0)
  })

  it('is refused without a connection, profiles and a token, and when half a connection is there', async () => {
    const bare = await spawnNode('src/node.ts', [], { DATA_DIR: dataDir(), PORT: '0' }).ended
    expect(bare).toMatchObject({ code: 1, stderr: expect.stringContaining('POWERSCHOOL_URL is not set') })
    const half = { ...settingsOf(dataDir()), POWERSCHOOL_URL: 'https://ps.example.org' }
    expect(await spawnNode('src/node.ts', [], half).ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('POWERSCHOOL_CLIENT_ID'),
    })
  })
})

describe('the command line', () => {
  it('takes a profile by its id', async () => {
    const lake = await startPowerSchool()
    const folder = dataDir()
    const server = await startServer(settingsOf(folder))
    const id = await addProfile(server, { ...bodyOf(lake, 'Lake'), idPrefix: 'l-' })
    await untilPublished(server, id)
    const run = (...args: string[]) => runCli([...args, '--profile', id], cliSettings(folder))

    const added = JSON.parse((await run('clients', 'add', '--name', 'Canvas', '--json')).stdout)
    expect(added.id).toMatch(new RegExp(`^${id}\\.or-`))
    expect(await countStudents(server, added)).toBeGreaterThan(0)
    expect((await run('clients', 'list')).stdout).toContain(added.id)
    expect((await run('check')).code).toBe(0)
    expect((await run('record', 'orgs/none')).code).toBe(1)
    expect((await run('readiness', '--json')).stdout).toContain('"errors"')
    const provider = { '@odata.type': '#oneroster.group', profiles: [id] }
    const group = await addProfile(server, { displayName: 'All', dataProvider: provider })
    await untilPublished(server, group)
    for (const command of ['sync', 'check']) {
      const { code, stderr } = await runCli([command, '--profile', group], cliSettings(folder))
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^The profile is a group/) })
    }
    await server.terminate()
    const synced = JSON.parse((await run('sync', '--now', '--json')).stdout)
    expect(synced.status).toBe('success')
    const unknown = await runCli(['sync', '--profile', 'paaaaaaaaaaaaaaaa'], cliSettings(folder))
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining(id) })
    expect(existsSync(join(folder, 'default.sqlite'))).toBe(false)
  })
})
