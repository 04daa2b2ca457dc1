// What docs/deploy.md hands to an administrator: the image's steps, the service, the settings' example, backup and restore.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { expectedRoster } from '../../fixtures/expected.ts'
import { renameStudent } from '../../fixtures/powerschool/mutations.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { readConfig } from '../../src/config.ts'
import { differences, drain } from '../support/roster.ts'
import { consumerOf, fetchToken, syncToEnd } from './consumer.ts'
import { buildImage, type Image } from './dockerfile.ts'
import { startInImage } from './image-process.ts'
import { ADMIN_TOKEN, startPowerSchool } from './powerschool.ts'
import { dataDir, type Environment, spawnNode, startServer, untilReady } from './processes.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
/** What `npm start` gives Node. */
const FLAGS = packageJson.scripts.start.split(' ').filter((word) => word.startsWith('--'))
const IS_ROOT = process.getuid?.() === 0
const USER = 10001
const SETTINGS_FILE = 'run/secrets/bridge.env'

/** Room where every user may go. */
function openFolder(): string {
  const folder = dataDir()
  chmodSync(folder, 0o755)
  return folder
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}

describe('the image', () => {
  let folder = ''
  let image: Image
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bridge-image-'))
    chmodSync(folder, 0o755)
    image = buildImage(ROOT, folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is pinned, small, and run by a user without rights', () => {
    expect(image.base).toMatch(/^node:24\.\d+\.\d+-\w+-slim$/)
    expect(image.user).toBe(`${USER}:${USER}`)
    expect(image.volumes).toEqual([image.environment.DATA_DIR])
    expect(image.entrypoint).toEqual(['node', ...FLAGS, `--env-file-if-exists=/${SETTINGS_FILE}`])
    const data = statSync(join(image.root, 'data'))
    expect([data.mode & 0o777, ...(IS_ROOT ? [data.uid, data.gid] : [])]).toEqual([
      0o700,
      ...(IS_ROOT ? [USER, USER] : []),
    ])
    expect(readdirSync(join(image.root, 'app')).sort()).toEqual(
      ['LICENSE', 'deploy', 'mappings', 'node_modules', 'package.json', 'src'].sort(),
    )
    const packages = readdirSync(join(image.root, 'app', 'node_modules'))
    expect(packages).toEqual(expect.arrayContaining(['hono', 'undici', 'yaml', 'zod']))
    expect(packages.filter((name) => /^(vitest|wrangler|typescript|@biomejs|node-linux)/.test(name))).toEqual([])
  })

  it('serves a district from its own files, writes in its volume only, is healthy, and ends at SIGTERM', async () => {
    const powerSchool = await startPowerSchool()
    // The file's DATA_DIR is the service's: the image's own goes before it.
    const settings = { ...powerSchool.environment('/var/lib/oneroster-bridge'), PORT: '1', HOST: '192.0.2.1' }
    mkdirSync(join(image.root, 'run', 'secrets'), { recursive: true })
    const file = join(image.root, SETTINGS_FILE)
    writeFileSync(
      file,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      { mode: 0o600 },
    )
    if (IS_ROOT) chownSync(file, USER, USER)
    const before = filesOf(image.root)

    const network = { HOST: '127.0.0.1', PORT: '0' }
    const server = startInImage(image, [...image.entrypoint, ...image.command], network)
    const [, url = ''] = await server.printed(/"event":"listening","url":"([^"]+)"/)
    await untilReady({ url })
    expect(differences(expectedRoster(powerSchool.district), await drain(await consumerOf({ url })))).toEqual([])

    const health = (port: string) => startInImage(image, image.healthcheck, { PORT: port }).ended
    expect(await health(new URL(url).port)).toBe(0)
    const clients = startInImage(image, [...image.entrypoint, 'src/cli.ts', 'clients', 'list', '--json'], network)
    expect([await clients.ended, clients.output.stdout]).toEqual([0, expect.stringContaining('e2e-consumer')])
    const backup = startInImage(image, [...image.entrypoint, 'deploy/backup.ts', '/data/backups/one'], network)
    expect([await backup.ended, backup.output.stdout]).toEqual([0, expect.stringContaining('default.sqlite')])

    expect(await server.terminate()).toBe(0)
    expect(await health(new URL(url).port)).toBe(1)
    const written = filesOf(image.root).filter((path) => !before.includes(path) && !path.startsWith('usr'))
    expect(written).toEqual(expect.arrayContaining(['data/default.sqlite', 'data/sealing.key']))
    expect(written.filter((path) => !path.startsWith('data/'))).toEqual([])
  })

  it('is what the compose file runs, with a root that is read only and a port for this machine alone', () => {
    const { services, secrets } = parse(read('deploy/compose.yaml'))
    const { bridge } = services
    expect(bridge).toMatchObject({ read_only: true, cap_drop: ['ALL'], init: true })
    expect(bridge.security_opt).toEqual(['no-new-privileges:true'])
    expect(bridge.ports).toEqual([`127.0.0.1:3000:${image.environment.PORT}`])
    expect(bridge.volumes).toEqual([`data:${image.environment.DATA_DIR}`])
    expect(bridge.secrets.map((name: string) => `run/secrets/${name}`)).toEqual([SETTINGS_FILE])
    expect(secrets['bridge.env']).toEqual({ file: '/etc/oneroster-bridge/bridge.env' })
  })
})

describe('the service', () => {
  const lines = read('deploy/oneroster-bridge.service').split('\n')
  const valuesOf = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1))

  it('runs what npm start runs, as a user of its own, and writes in one place', () => {
    expect(valuesOf('ExecStart')[0]).toContain(` node ${FLAGS.join(' ')} src/node.ts`)
    expect(valuesOf('User')).toEqual(['oneroster-bridge'])
    expect(valuesOf('EnvironmentFile')).toEqual(['/etc/oneroster-bridge/bridge.env'])
    expect(valuesOf('StateDirectory')).toEqual(['oneroster-bridge'])
    const hardening = ['NoNewPrivileges', 'ProtectSystem', 'ProtectHome', 'PrivateTmp', 'CapabilityBoundingSet']
    expect(hardening.map(valuesOf)).toEqual([['yes'], ['strict'], ['yes'], ['yes'], ['']])
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([])
    expect(valuesOf('UMask')).toEqual(['0077'])
  })

  it('has only lines that systemd knows the form of', () => {
    for (const line of lines) expect(line).toMatch(/^$|^#|^\[(Unit|Service|Install)\]$|^[A-Z]\w+=/)
  })

  const analyze = spawnSync('systemd-analyze', ['--version']).status === 0
  it.runIf(analyze)('passes systemd-analyze', () => {
    const verified = spawnSync('systemd-analyze', ['verify', join(ROOT, 'deploy/oneroster-bridge.service')], {
      encoding: 'utf8',
    })
    expect([verified.status, verified.stderr]).toEqual([0, ''])
  })

  it('shares its settings with the commands, by a file whose example names settings only', () => {
    const named = Object.fromEntries(
      read('deploy/bridge.env.example')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.split('=') as [string, string]),
    )
    expect(Object.values(named).filter((value) => /[\s"'#$]/.test(value))).toEqual([])
    const filled = Object.fromEntries(Object.entries(named).map(([name, value]) => [name, value || 'a-filled-one']))
    const config = readConfig(filled, { needsPowerSchool: true })
    expect(config).toMatchObject({ ok: true, config: { dataDir: '/var/lib/oneroster-bridge' } })
    expect(read('deploy/oneroster-bridge')).toContain(`node ${FLAGS.join(' ')} --env-file=`)
  })

  it.runIf(IS_ROOT)('lets root run a command as its user, with its settings', () => {
    const folder = openFolder()
    const data = join(folder, 'data')
    mkdirSync(data)
    const settings = join(folder, 'bridge.env')
    writeFileSync(settings, `DATA_DIR=${data}\n`, { mode: 0o600 })
    for (const path of [data, settings]) chownSync(path, 65_534, 65_534)
    const env = { PATH: process.env.PATH, BRIDGE_HOME: ROOT, BRIDGE_SETTINGS: settings, BRIDGE_USER: 'nobody' }
    const run = spawnSync(join(ROOT, 'deploy/oneroster-bridge'), ['clients', 'add', '--name', 'x'], {
      env,
      encoding: 'utf8',
    })
    expect([run.status, run.stdout]).toEqual([0, expect.stringContaining('client secret')])
    expect(statSync(join(data, 'default.sqlite')).uid).toBe(65_534)
  })
})

function backUp(folder: string, target: string) {
  return spawnNode('deploy/backup.ts', [target], { DATA_DIR: folder }).ended
}

function restore(backup: string, folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('default.sqlite')) rmSync(join(folder, name))
  cpSync(join(backup, 'default.sqlite'), join(folder, 'default.sqlite'))
}

async function status(url: string, token: string): Promise<number> {
  return (await (await consumerOf({ url }, token)).get('/users?limit=1')).status
}

describe('backup and restore', () => {
  it('copies a database while a sync writes, and brings back what was: roster, tokens, consumers', async () => {
    const powerSchool = await startPowerSchool()
    const folder = dataDir()
    const environment: Environment = { ...powerSchool.environment(folder), PUBLISH_QUIET: 'PT0S' }
    const first = await startServer(environment)
    await untilReady(first)
    const { token } = await fetchToken(first)
    const old = expectedRoster(powerSchool.district)
    const added = await fetch(`${first.url}/admin/consumers`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ name: 'removed after the backup' }),
    })
    const removed = (await added.json()) as { id: string; secret: string }

    const crawling = Promise.withResolvers<void>()
    const copied = Promise.withResolvers<void>()
    powerSchool.onRequest = () => {
      crawling.resolve()
      return copied.promise
    }
    const [, { dcid } = { dcid: 0 }] = powerSchool.district.db
      .prepare(
        `select dcid from students where enroll_status = 0 and last_name is not null and schoolid not in (0, 999999)`,
      )
      .all()
    renameStudent(powerSchool.district, Number(dcid), 'Nadia', 'Renamed')
    const ended = syncToEnd(first)
    await crawling.promise
    const backups = dataDir()
    const target = join(backups, 'one')
    expect(await backUp(folder, target)).toMatchObject({ code: 0, stdout: `${target}: default.sqlite\n` })
    copied.resolve()
    expect(await ended).toMatchObject({ status: 'success', report: { isPublished: true } })
    await fetch(`${first.url}/admin/consumers/${removed.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    })
    expect((await fetchToken(first, removed)).status).toBe(401)
    await first.terminate()

    expect(readdirSync(backups)).toEqual(['one'])
    expect(readdirSync(target)).toEqual(['default.sqlite'])
    expect([statSync(target).mode & 0o777, statSync(join(target, 'default.sqlite')).mode & 0o777]).toEqual([
      0o700, 0o600,
    ])
    restore(target, folder)
    const restoredAt = new Date().toISOString()
    const held = Promise.withResolvers<void>()
    powerSchool.onRequest = () => held.promise
    const again = await startServer(environment)
    expect((await fetch(`${again.url}/readyz`)).status).toBe(200)
    expect(await status(again.url, token)).toBe(200)
    expect(differences(old, await drain(await consumerOf(again, token)))).toEqual([])
    expect((await fetchToken(again, removed)).status).toBe(200)

    held.resolve()
    expect(await syncToEnd(again)).toMatchObject({ status: 'success' })
    const { get } = await consumerOf(again)
    expect(differences(expectedRoster(powerSchool.district), await drain({ get }))).toEqual([])
    // Once, all of it: somebody may have read what came after the backup.
    const { users } = (await (await get('/users?limit=10000')).json()) as { users: readonly object[] }
    const delta = await (await get(`/users?limit=10000&filter=dateLastModified>'${restoredAt}'`)).json()
    expect(delta).toEqual({ users })
    expect(users).toContainEqual(expect.objectContaining({ sourcedId: `stu${dcid}`, familyName: 'Renamed' }))
    const published = new Date(Date.now() - 1).toISOString()
    expect(await syncToEnd(again)).toMatchObject({ status: 'success' })
    expect(await (await get(`/users?filter=dateLastModified>'${published}'`)).json()).toEqual({ users: [] })
  })

  it('opens nothing without the key', async () => {
    const powerSchool = await startPowerSchool()
    const folder = dataDir()
    const environment = powerSchool.environment(folder)
    const first = await startServer(environment)
    await untilReady(first)
    const { token } = await fetchToken(first)
    const target = join(dataDir(), 'one')
    await backUp(folder, target)
    await first.terminate()

    const elsewhere = dataDir()
    restore(target, elsewhere)
    const again = await startServer({ ...environment, DATA_DIR: elsewhere })
    expect(await status(again.url, token)).toBe(401)
    // The consumer of the settings is sealed anew; others have hashes, and fetch a token all the same.
    expect(await status(again.url, (await fetchToken(again)).token)).toBe(200)
  })

  it('refuses a folder that is there, and one without a database', async () => {
    const folder = dataDir()
    const refused = await backUp(folder, join(folder, 'copy'))
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('holds no database') })
    new DatabaseSync(join(folder, 'default.sqlite')).close()
    const again = await backUp(folder, folder)
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('is there already') })
    expect(readdirSync(folder)).toEqual(['default.sqlite'])
    expect(await spawnNode('deploy/backup.ts', [], {}).ended).toMatchObject({ code: 2 })
  })

  it('copies the databases of all profiles, and what commands remember, but not the key', async () => {
    const folder = dataDir()
    mkdirSync(join(folder, 'profiles'))
    for (const name of ['default', 'profiles/p1', 'profiles/p2']) {
      const database = new DatabaseSync(join(folder, `${name}.sqlite`))
      database.exec(`create table t (name text); insert into t values ('${name}')`)
      database.close()
    }
    for (const name of ['plugin.json', 'sealing.key']) writeFileSync(join(folder, name), '{}')
    const target = join(dataDir(), 'all')
    expect(await backUp(folder, target)).toMatchObject({ code: 0 })
    expect(filesOf(target)).toEqual([
      'default.sqlite',
      'plugin.json',
      'profiles',
      'profiles/p1.sqlite',
      'profiles/p2.sqlite',
    ])
    const copy = new DatabaseSync(join(target, 'profiles/p2.sqlite'))
    expect(copy.prepare('select name from t').all()).toEqual([{ name: 'profiles/p2' }])
    copy.close()
  })
})

describe('rollback', () => {
  it('is refused by a version that does not know what a newer one has made of the database', async () => {
    const powerSchool = await startPowerSchool()
    const folder = dataDir()
    const first = await startServer(powerSchool.environment(folder))
    await untilReady(first)
    await first.terminate()
    const database = new DatabaseSync(join(folder, 'default.sqlite'))
    database.exec('insert into migrations (number) values (1000)')
    database.close()
    const refused = await spawnNode('src/node.ts', [], powerSchool.environment(folder)).ended
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('newer version') })
  })
})
