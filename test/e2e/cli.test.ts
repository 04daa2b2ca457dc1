// The command line as real processes: usage, connection check, sync, consumers and mapping.
import { createServer, type Server as HttpServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { renameStudent, transferStudent } from '../../fixtures/powerschool/mutations.ts'
import { differences, drain } from '../support/roster.ts'
import { admin, consumerOf, endOf, fetchToken, syncToEnd } from './consumer.ts'
import { startPowerSchool } from './powerschool.ts'
import { dataDir, type Ended, runCli, spawnNode, startServer, untilReady } from './processes.ts'

const COMMANDS = [
  'serve',
  'sync',
  'check',
  'record',
  'readiness',
  'mapping init',
  'mapping check',
  'mapping test',
  'mapping table',
  'mapping explain',
  'mapping preview',
  'mapping reference',
  'mapping schema',
  'plugin',
  'clients add',
  'clients list',
  'clients update',
  'clients rotate',
  'clients remove',
] as const

const isQuiet = (ended: Ended) => expect(ended.stderr).toBe('')

describe('usage', () => {
  it.each([[[]], [['--help']], [['help']]])('lists the commands for %j', async (words) => {
    const ended = await runCli(words)
    expect(ended.code).toBe(0)
    isQuiet(ended)
    for (const command of COMMANDS) expect(ended.stdout).toMatch(new RegExp(`^ {2}${command} {2,}\\S`, 'm'))
  })

  it.each([[['mapping']], [['mapping', '--help']]])('lists the commands of a group for %j', async (words) => {
    const ended = await runCli(words)
    expect(ended.code).toBe(0)
    isQuiet(ended)
    expect(ended.stdout).toMatch(/^bridge mapping <command> \[--help\]\n\n( {2}mapping \w+ .*\n)+$/)
  })

  it('explains each command', async () => {
    const all = await Promise.all(COMMANDS.map((command) => runCli([...command.split(' '), '--help'])))
    for (const [place, ended] of all.entries()) {
      const command = COMMANDS[place]
      expect(ended.code, command).toBe(0)
      expect(ended.stdout, command).toMatch(new RegExp(`^\\S.*\\.\n\nbridge ${command}`))
      isQuiet(ended)
    }
  })

  it.each([
    { words: ['synch'], says: 'There is no command "synch".' },
    { words: ['mapping', 'chek'], says: 'There is no command "mapping chek".' },
    { words: ['clients', 'ad'], says: 'There is no command "clients ad".' },
    { words: ['sync', '--jsn'], says: "Unknown option '--jsn'" },
    { words: ['sync', '--json', '--json'], says: '--json was given more than once' },
    {
      words: ['clients', 'add', '--name', 'X', '--without', 'demographics', '--without=contacts'],
      says: '--without was given more than once, and only the last would count. Give it once.',
    },
    { words: ['clients', 'add', '--name'], says: '--name' },
    { words: ['clients', 'add'], says: 'A consumer needs a name: --name NAME.' },
    { words: ['clients', 'remove'], says: 'bridge clients remove ID' },
    { words: ['clients', 'rotate', 'one', 'two'], says: 'bridge clients rotate ID' },
    { words: ['record'], says: 'bridge record COLLECTION/ID' },
    { words: ['record', 'stu1'], says: 'Write COLLECTION/ID, where COLLECTION is one of' },
    { words: ['record', 'students/stu1'], says: 'COLLECTION is one of academicSessions, orgs,' },
    { words: ['record', 'users/'], says: 'Write COLLECTION/ID' },
    { words: ['check', 'twice'], says: '`check` takes no word by itself.\n\nbridge check [--profile ID] [--json]' },
    {
      words: ['mapping', 'check', 'ours.yaml'],
      says: '`mapping check` takes no word by itself: write `--mapping ours.yaml`.\n\nbridge mapping check',
    },
  ])('refuses $words with code 2', async ({ words, says }) => {
    const { code, stdout, stderr } = await runCli(words, { DATA_DIR: dataDir() })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(says)
    expect(stderr).not.toMatch(/\bat .*\.ts:/)
  })

  it('tells every wrong setting', async () => {
    const { code, stdout, stderr } = await runCli(['sync'], { PORT: 'x', LOG_LEVEL: 'y' })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    for (const name of ['POWERSCHOOL_URL', 'POWERSCHOOL_CLIENT_ID', 'POWERSCHOOL_CLIENT_SECRET', 'PORT', 'LOG_LEVEL']) {
      expect(stderr).toMatch(new RegExp(`^ {2}${name} .+\n {4}\\S.+$`, 'm'))
    }
  })

  it('serves as npm start does', async () => {
    const powerSchool = await startPowerSchool()
    const { child, printed, ended } = spawnNode('src/cli.ts', ['serve'], powerSchool.environment(dataDir()))
    const [, url = ''] = await printed(/"event":"listening","url":"([^"]+)"/)
    await untilReady({ url })
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  })
})

const servers: HttpServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A server that is no PowerSchool, on a free port. */
function startWebServer(): Promise<HttpServer> {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>A school</title>')
  })
  servers.push(server)
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

function urlOf(server: HttpServer): string {
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : ''}`
}

async function closedUrl(): Promise<string> {
  const server = await startWebServer()
  const url = urlOf(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}

interface CheckCase {
  readonly it: string
  readonly change: () => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>
  readonly v1Level?: 'NONE'
  readonly failedStep: string
  readonly found: RegExp
  readonly remedy: RegExp
}

const CHECKS: readonly CheckCase[] = [
  {
    it: 'a port where nobody listens',
    change: async () => ({ POWERSCHOOL_URL: await closedUrl() }),
    failedStep: 'server',
    found: /No connection to PowerSchool for \/ws\/v1\/time \(ECONNREFUSED\)/,
    remedy: /Check POWERSCHOOL_URL, the name server, the firewall/,
  },
  {
    it: 'a server that is no PowerSchool',
    change: async () => ({ POWERSCHOOL_URL: urlOf(await startWebServer()) }),
    failedStep: 'server',
    found: /a web page instead of JSON/,
    remedy: /check that POWERSCHOOL_URL is the address of the server/,
  },
  {
    it: 'wrong credentials',
    change: () => ({ POWERSCHOOL_CLIENT_SECRET: 'regenerated-since-then' }),
    failedStep: 'credentials',
    found: /does not accept the client ID and secret \(401/,
    remedy: /Compare POWERSCHOOL_CLIENT_ID and POWERSCHOOL_CLIENT_SECRET with the plugin's Data Provider Configuration/,
  },
  {
    it: 'a plugin without the right to read',
    change: () => ({}),
    v1Level: 'NONE',
    failedStep: 'v1-rights',
    found: /lacks accessLevelV1Api READ/,
    remedy: /System > Plugin Management > the plugin > Data Provider Configuration and set v1 API access to READ/,
  },
]

describe('check', () => {
  it('finds nothing wrong where all is well, and what could be better', async () => {
    const powerSchool = await startPowerSchool({}, { pageSize: 100 })
    const environment = powerSchool.environment(dataDir())
    const [text, json] = await Promise.all([runCli(['check'], environment), runCli(['check', '--json'], environment)])
    expect(text.code).toBe(0)
    isQuiet(text)
    expect(text.stdout.match(/^ok/gm)).toHaveLength(5)
    expect(text.stdout).toMatch(/→ Raise Maximum Page Size to 1000/)
    expect(text.stdout).toMatch(/\d+ schools and \d+ active students/)
    expect(json.code).toBe(0)
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: true,
      steps: ['server', 'credentials', 'metadata', 'v1-rights', 'schools'].map((name) => ({ name, ok: true })),
    })
  })

  it.each(CHECKS)('tells of $it, and what to do', async ({ change, v1Level, failedStep, found, remedy }) => {
    const powerSchool = await startPowerSchool({}, v1Level === undefined ? {} : { v1Level })
    const environment = { ...powerSchool.environment(dataDir()), ...(await change()) }
    const [text, json] = await Promise.all([runCli(['check'], environment), runCli(['check', '--json'], environment)])
    expect(text.code).toBe(1)
    expect(text.stdout).toMatch(new RegExp(`^FAILED  ${failedStep}`, 'm'))
    expect(text.stdout).toMatch(found)
    expect(text.stdout).toMatch(remedy)
    expect(json.code).toBe(1)
    const { ok, steps } = JSON.parse(json.stdout)
    expect(ok).toBe(false)
    expect(steps.at(-1)).toMatchObject({
      name: failedStep,
      ok: false,
      detail: expect.stringMatching(found),
      remedy: expect.stringMatching(remedy),
    })
    expect(text.stdout + json.stdout).not.toContain(environment.POWERSCHOOL_CLIENT_SECRET)
  })
})

describe('sync', () => {
  const withAddress = (environment: Record<string, string>) => ({
    ...environment,
    PUBLIC_URL: 'https://roster.example.org',
  })

  it('asks for the address of the links where only the running server would know it', async () => {
    const powerSchool = await startPowerSchool()
    const { code, stderr } = await runCli(['sync'], powerSchool.environment(dataDir()))
    expect(code).toBe(1)
    expect(stderr).toMatch(/PORT is 0 and PUBLIC_URL is not set.*\nSet PUBLIC_URL to the address that consumers use\./)
  })

  it("leaves the server's consumer alone when its settings are not at hand", async () => {
    const powerSchool = await startPowerSchool()
    const environment = withAddress(powerSchool.environment(dataDir()))
    const server = await startServer(environment)
    const consumer = await consumerOf(server)
    const { ONEROSTER_CLIENT_ID: _, ONEROSTER_CLIENT_SECRET: __, ...rest } = environment as Record<string, string>
    await syncToEnd(server)
    expect((await runCli(['sync'], rest)).code).toBe(0)
    expect((await consumer.get('/orgs')).status).toBe(200)
  })

  it('publishes, tells the counts, and shows how far it is beside them', async () => {
    const powerSchool = await startPowerSchool()
    const environment = withAddress(powerSchool.environment(dataDir()))
    const { code, stdout, stderr } = await runCli(['sync'], environment)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Published as generation 1 at \d{4}-/)
    const expected = expectedRoster(powerSchool.district)
    for (const [collection, { size }] of Object.entries(expected)) {
      expect(stdout).toMatch(new RegExp(`^${collection} +${size} +${size} +0 +0 +\\d+$`, 'm'))
    }
    for (const source of ['students', 'schools', 'staff', 'terms', 'courses', 'sections', 'section_enrollments']) {
      expect(stderr).toMatch(new RegExp(`^\\d/8 ${source}: `, 'm'))
    }
    expect(stdout).toMatch(/^Read .*: \d+ requests, \d+ rows, \d+ of them new, changed or gone\.$/m)
    expect(stdout).toMatch(/^Took crawl [\d.]+ s, map [\d.]+ s, wait [\d.]+ s, publish [\d.]+ s\.$/m)

    const again = await runCli(['sync', '--json'], environment)
    expect(again.code).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({
      status: 'success',
      report: { generation: 1, isPublished: false },
      counts: { users: { active: expected.users.size, added: 0 } },
    })
    const { report } = JSON.parse(again.stdout)
    expect(report.crawl).toMatchObject({ isFull: expect.any(Boolean), requests: expect.any(Number) })
    expect(Object.keys(report.durations)).toEqual(['crawlMs', 'mapMs', 'waitMs', 'publishMs'])
  })

  it('tells why it failed and what to do, with code 1', async () => {
    const powerSchool = await startPowerSchool({}, { v1Level: 'NONE' })
    const environment = withAddress(powerSchool.environment(dataDir()))
    const [text, json] = await Promise.all([
      runCli(['sync'], environment),
      runCli(['sync', '--json'], { ...environment, DATA_DIR: dataDir() }),
    ])
    expect(text.code).toBe(1)
    expect(text.stdout).toMatch(/The sync ended: error\.\n.*accessLevelV1Api READ.*\n.*set v1 API access to READ/)
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 'error', error: { code: 'powerschool-rights' } })
  })

  it('runs at once however often it has failed, says when it is quarantined, and a success ends that', async () => {
    const powerSchool = await startPowerSchool({}, { v1Level: 'NONE' })
    const environment = withAddress(powerSchool.environment(dataDir()))
    const statuses: string[] = []
    for (let nth = 1; nth <= 4; nth += 1) {
      const { code, stdout } = await runCli(['sync', '--json'], environment)
      expect(code).toBe(1)
      const { status, error } = JSON.parse(stdout)
      expect(error).toMatchObject({ code: 'powerschool-rights', remedy: expect.stringContaining('READ') })
      statuses.push(status)
    }
    expect(statuses).toEqual(['error', 'error', 'quarantined', 'quarantined'])
    powerSchool.settings.v1Level = 'READ'
    expect((await runCli(['sync'], environment)).stdout).toMatch(/^Published as generation 1 /)
  })

  it('says so while a server syncs the same data, and is seen by it at once otherwise', async () => {
    const powerSchool = await startPowerSchool()
    const environment = withAddress(powerSchool.environment(dataDir()))
    const reached = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    powerSchool.onRequest = () => {
      reached.resolve()
      return released.promise
    }
    const server = await startServer(environment)
    await reached.promise
    const { id } = await admin(server, '/syncs', 'POST')
    const refused = await runCli(['sync'], environment)
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(/Another process is syncing this database\.\nWait until it has ended, or stop it\./)
    released.resolve()
    expect(await endOf(server, id)).toMatchObject({ status: 'success' })

    const [student] = powerSchool.district.db.prepare('select dcid from students where enroll_status = 0').all()
    renameStudent(powerSchool.district, Number(student?.dcid), 'Nadia', 'Renamed')
    const done = await runCli(['sync'], environment)
    expect(done.stdout).toMatch(/^Published as generation 2/)
    expect(differences(expectedRoster(powerSchool.district), await drain(await consumerOf(server)))).toEqual([])
    expect(await syncToEnd(server)).toMatchObject({ status: 'success', report: { generation: 2, isPublished: false } })
  })

  it('says what the guard holds, with code 1', async () => {
    const powerSchool = await startPowerSchool({ students: 80 })
    const environment = withAddress(powerSchool.environment(dataDir()))
    expect((await runCli(['sync'], environment)).code).toBe(0)
    const active = 'select dcid from students where enroll_status = 0 and schoolid not in (0, 999999) limit 30'
    for (const { dcid } of powerSchool.district.db.prepare(active).all()) {
      transferStudent(powerSchool.district, Number(dcid), null)
    }
    const { code, stdout } = await runCli(['sync'], environment)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^Nothing was published\.$/m)
    const held = /^Held: \d+ of \d+ users would be removed \(\d+ %\)\.\n +(stu\d+, ){20}…$/m
    expect(stdout).toMatch(held)
    expect(stdout).toContain('POST /admin/syncs/{id}/resume')
  })

  it('stops at SIGINT and is gone on with by the next one', async () => {
    const powerSchool = await startPowerSchool()
    const environment = withAddress(powerSchool.environment(dataDir()))
    const reached = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    powerSchool.onRequest = (nth) => {
      if (nth < 30) return
      reached.resolve()
      return released.promise
    }
    const { child, ended } = spawnNode('src/cli.ts', ['sync', '--json'], environment)
    await reached.promise
    child.kill('SIGINT')
    const stopped = await ended
    expect(stopped.code).toBe(1)
    expect(JSON.parse(stopped.stdout)).toMatchObject({ status: 'paused', error: { code: 'sync-stopped' } })
    released.resolve()
    const { code, stderr } = await runCli(['sync'], { ...environment, LOG_LEVEL: 'debug' })
    expect(code).toBe(0)
    expect(stderr).toContain('"event":"crawl-resumed"')
  })
})

describe('record', () => {
  it('tells the versions of a record and the names of the fields that changed; with --json the records too', async () => {
    const powerSchool = await startPowerSchool()
    const environment = { ...powerSchool.environment(dataDir()), PUBLIC_URL: 'https://roster.example.org' }
    const [student] = powerSchool.district.db.prepare('select dcid from students where enroll_status = 0').all()
    const id = `stu${student?.dcid}`
    const unknown = await runCli(['record', `users/${id}`], environment)
    expect({ code: unknown.code, stdout: unknown.stdout }).toEqual({ code: 1, stdout: '' })
    expect(unknown.stderr).toMatch(/^No version of such a record in users has been published/)

    expect((await runCli(['sync'], environment)).code).toBe(0)
    renameStudent(powerSchool.district, Number(student?.dcid), 'Nadia', 'Renamed')
    expect((await runCli(['sync'], environment)).code).toBe(0)
    const [text, json] = await Promise.all([
      runCli(['record', `users/${id}`], environment),
      runCli(['record', `users/${id}`, '--json'], environment),
    ])
    expect([text.code, json.code]).toEqual([0, 0])
    isQuiet(text)
    const time = '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z'
    expect(text.stdout).toMatch(/^generation +published +until +status +changed\n/)
    expect(text.stdout).toMatch(new RegExp(`^2 +${time} +now +active +\\S`, 'm'))
    expect(text.stdout).toMatch(new RegExp(`^1 +${time} +${time} +active +\\S`, 'm'))
    expect(text.stdout).not.toContain('Nadia')
    const { collection, sourcedId, versions } = JSON.parse(json.stdout)
    expect({ collection, sourcedId }).toEqual({ collection: 'users', sourcedId: id })
    expect(versions).toMatchObject([
      { generation: 2, isCurrent: true, status: 'active', record: { givenName: 'Nadia', familyName: 'Renamed' } },
      { generation: 1, isCurrent: false, until: versions[0].publishedAt },
    ])
    expect(versions[0].record.orgs[0].href).toMatch(/^https:\/\/roster\.example\.org\/ims\/oneroster\/v1p1\/orgs\//)
  })
})

describe('clients', () => {
  const secretIn = ({ stdout }: Ended) => ({
    id: /^client id +(\S+)$/m.exec(stdout)?.[1] ?? '',
    secret: /^client secret +(\S+)$/m.exec(stdout)?.[1] ?? '',
  })

  it('lives from its secret to its removal beside a running server', async () => {
    const powerSchool = await startPowerSchool()
    const environment = powerSchool.environment(dataDir())
    const server = await startServer(environment)
    await untilReady(server)

    const added = await runCli(['clients', 'add', '--name', 'Rostering of a vendor'], environment)
    expect(added.code).toBe(0)
    expect(added.stderr).toMatch(/shown this once/)
    const first = secretIn(added)
    const { status, token } = await fetchToken(server, first)
    expect(status).toBe(200)
    const consumer = await consumerOf(server, token)
    expect((await consumer.get('/demographics?limit=1')).status).toBe(200)

    const [list, json] = await Promise.all([
      runCli(['clients', 'list'], environment),
      runCli(['clients', 'list', '--json'], environment),
    ])
    expect(list.stdout).toMatch(
      new RegExp(`^${first.id} +Rostering of a vendor +command +\\d{4}-\\d\\d-\\d\\d +\\S+`, 'm'),
    )
    expect(list.stdout).toMatch(/^e2e-consumer /m)
    expect(JSON.parse(json.stdout)).toContainEqual(expect.objectContaining({ id: first.id, source: 'command' }))
    expect(list.stdout + json.stdout).not.toContain(first.secret)
    expect(json.stdout).not.toMatch(/pbkdf2/)

    const rotated = secretIn(await runCli(['clients', 'rotate', first.id, '--overlap', 'PT0S'], environment))
    expect(rotated.id).toBe(first.id)
    expect((await fetchToken(server, first)).status).toBe(401)
    expect((await fetchToken(server, rotated)).status).toBe(200)
    // A run that is under way is not cut off.
    expect((await consumer.get('/orgs')).status).toBe(200)

    const removed = await runCli(['clients', 'remove', first.id], environment)
    expect({ code: removed.code, stdout: removed.stdout }).toEqual({ code: 0, stdout: 'Removed.\n' })
    expect((await fetchToken(server, rotated)).status).toBe(401)
    expect((await consumer.get('/orgs')).status).toBe(401)
  })

  it('can be narrowed to scopes', async () => {
    const powerSchool = await startPowerSchool()
    const environment = powerSchool.environment(dataDir())
    const server = await startServer(environment)
    await untilReady(server)
    const added = await runCli(
      ['clients', 'add', '--name', 'Core only', '--scopes', 'roster-core.readonly', '--json'],
      environment,
    )
    const { id, secret, scopes } = JSON.parse(added.stdout)
    expect(scopes).toEqual(['https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly'])
    const { token, scope } = await fetchToken(server, { id, secret })
    expect(scope).toBe(scopes[0])
    const consumer = await consumerOf(server, token)
    expect((await consumer.get('/users?limit=1')).status).toBe(200)
    expect((await consumer.get('/demographics?limit=1')).status).toBe(403)
  })

  it.each([
    {
      words: ['clients', 'add', '--name', 'X', '--scopes', 'roster-core.readonly,roster-demografics.readonly'],
      says: /roster-demografics\.readonly.*roster-demographics\.readonly/,
    },
    { words: ['clients', 'add', '--name', '  '], says: /A consumer needs a name/ },
    { words: ['clients', 'rotate', 'nobody'], says: /No consumer has this id\. List them with/ },
    { words: ['clients', 'remove', 'nobody'], says: /No consumer has this id\. List them with/ },
  ])('refuses $words with code 1', async ({ words, says }) => {
    const environment = { DATA_DIR: dataDir() }
    const { code, stdout, stderr } = await runCli(words, environment)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(says)
    expect(JSON.parse((await runCli(['clients', 'list', '--json'], environment)).stdout)).toEqual([])
  })
})

describe('mapping', () => {
  it('checks the default mapping and runs its examples', async () => {
    const [check, checkJson, test, testJson] = await Promise.all([
      runCli(['mapping', 'check']),
      runCli(['mapping', 'check', '--json']),
      runCli(['mapping', 'test']),
      runCli(['mapping', 'test', '--json']),
    ])
    for (const ended of [check, checkJson, test, testJson]) {
      expect(ended.code).toBe(0)
      isQuiet(ended)
    }
    expect(check.stdout).toMatch(/^\d+ mapping files, no mistakes\.$/m)
    expect(JSON.parse(checkJson.stdout)).toMatchObject({ ok: true, diagnostics: [] })
    const { ok, examples } = JSON.parse(testJson.stdout)
    expect(ok).toBe(true)
    expect(examples.length).toBeGreaterThan(40)
    expect(test.stdout).toContain(`${examples.length} of ${examples.length} examples hold.`)
  })
})
