// `bridge clients …` as real processes: what a consumer may do, its secrets, and the key that seals them.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { consumerOf, fetchToken, syncToEnd } from './consumer.ts'
import { CONSUMER, startPowerSchool } from './powerschool.ts'
import { dataDir, type Ended, type Environment, runCli, type Server, startServer, untilReady } from './processes.ts'

const DAY_MS = 86_400_000

function jsonOf(ended: Ended) {
  if (ended.code !== 0) throw new Error(ended.stderr)
  return JSON.parse(ended.stdout)
}

const add = async (environment: Environment, ...options: string[]) =>
  jsonOf(await runCli(['clients', 'add', '--name', 'A vendor', '--json', ...options], environment))

async function statusOf(server: Server, token: string): Promise<number> {
  return (await (await consumerOf(server, token)).get('/orgs')).status
}

const list = async (environment: Environment) => jsonOf(await runCli(['clients', 'list', '--json'], environment))

describe('a consumer', () => {
  it('is given what the options say, and shown with it', async () => {
    const environment = { DATA_DIR: dataDir() }
    const added = await runCli(
      [
        ...['clients', 'add', '--name', 'A vendor', '--schools', '100, 200', '--scopes', 'default,gradebook.delete'],
        ...['--without', 'demographics,contacts', '--switches', 'noOAuth1,nativeBooleans', '--rate', '600'],
        ...['--expires', '2099-06-30', '--json'],
      ],
      environment,
    )
    const { secret, notes, ...shown } = jsonOf(added)
    expect(shown).toMatchObject({
      name: 'A vendor',
      source: 'command',
      schools: ['100', '200'],
      scopes: { length: 14 },
      withheld: ['demographics', 'contacts'],
      switches: ['nativeBooleans', 'noOAuth1'],
      requestsPerMinute: 600,
      expiresAt: '2099-07-01T00:00:00.000Z',
      rotatedAt: null,
      previousSecretUntil: null,
    })
    expect(notes).toEqual([expect.stringContaining('There is no snapshot yet')])
    expect(await list(environment)).toEqual([shown])

    const text = (await runCli(['clients', 'list'], environment)).stdout
    const [headings, row] = text.split('\n').map((line) => line.split(/ {2,}/))
    expect(headings).toEqual([
      ...['id', 'name', 'made by', 'since', 'scopes', 'schools', 'without', 'switches', 'rate', 'expires'],
      'old secret until',
    ])
    expect(row?.slice(5)).toEqual([
      ...['100,200', 'demographics,contacts', 'nativeBooleans,noOAuth1', '600', '2099-07-01T00:00:00.000Z', '-'],
    ])
    expect(text).not.toContain(secret)
  })

  it('is changed in what is named, and told as it is then', async () => {
    const environment = { DATA_DIR: dataDir() }
    const {
      id,
      secret: _secret,
      notes: _notes,
      ...shown
    } = await add(environment, '--rate', '5', '--without', 'contacts')
    const before = Date.now()
    const options = ['--name', 'Another', '--scopes', 'v1p2/roster.readonly', '--rate', 'none', '--expires', 'P30D']
    const changed = jsonOf(await runCli(['clients', 'update', id, ...options, '--json'], environment))
    expect(changed).toEqual({
      ...shown,
      id,
      name: 'Another',
      scopes: ['https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly'],
      requestsPerMinute: null,
      expiresAt: expect.any(String),
    })
    const days = (Date.parse(changed.expiresAt) - before) / DAY_MS
    expect(days).toBeGreaterThanOrEqual(30)
    expect(days).toBeLessThan(30.01)
    const text = await runCli(['clients', 'update', id, '--expires', 'never', '--switches', 'noHmacSha1'], environment)
    expect([text.code, text.stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`^id .*\\n${id} +Another .*noHmacSha1`)),
    ])
    expect(await list(environment)).toEqual([{ ...changed, expiresAt: null, switches: ['noHmacSha1'] }])
  })

  it('is rotated with a day of overlap, or with what is asked', async () => {
    const environment = { DATA_DIR: dataDir() }
    const { id } = await add(environment)
    const overlapOf = ({ rotatedAt, previousSecretUntil }: { rotatedAt: string; previousSecretUntil: string }) =>
      Date.parse(previousSecretUntil) - Date.parse(rotatedAt)
    const rotate = async (...options: string[]) =>
      jsonOf(await runCli(['clients', 'rotate', id, '--json', ...options], environment))
    expect(overlapOf(await rotate())).toBe(DAY_MS)
    const rotated = await rotate('--overlap', 'PT1H')
    expect(overlapOf(rotated)).toBe(DAY_MS / 24)
    expect(await list(environment)).toMatchObject([{ id, previousSecretUntil: rotated.previousSecretUntil }])
    expect((await rotate('--overlap', 'PT0S')).previousSecretUntil).toBeNull()
    const text = await runCli(['clients', 'rotate', id], environment)
    expect(text.stderr).toMatch(/The old secret works until \d{4}-.*Z\.\nThe secret is shown this once/)
  })

  it('is narrowed to schools of the snapshot alone', async () => {
    const powerSchool = await startPowerSchool()
    const environment = powerSchool.environment(dataDir())
    const server = await startServer(environment)
    await untilReady(server)
    await syncToEnd(server)
    const refused = await runCli(['clients', 'add', '--name', 'A vendor', '--schools', 'no-such-school'], environment)
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    const [, first = ''] = /no school `no-such-school`\. Its schools are (\d+)/.exec(refused.stderr) ?? []
    expect(await add(environment, '--schools', first)).toMatchObject({ schools: [first], notes: [] })
  })

  it('keeps its old secret and its seal beside a running server and over its restart', async () => {
    const powerSchool = await startPowerSchool()
    const environment = powerSchool.environment(dataDir())
    const server = await startServer(environment)
    const first = await add(environment)
    const second = jsonOf(await runCli(['clients', 'rotate', first.id, '--json'], environment))
    await untilReady(server)
    const { token } = await fetchToken(server)
    await server.terminate()
    const again = await startServer(environment)
    for (const { id, secret } of [first, second, CONSUMER]) {
      expect((await fetchToken(again, { id, secret })).status).toBe(200)
    }
    expect(again.events().map(({ event }) => event)).not.toContain('sealed-secrets-lost')
    expect(again.events().map(({ event }) => event)).not.toContain('environment-client')
    expect(await statusOf(again, token)).toBe(200)
    await again.terminate()

    rmSync(join(environment.DATA_DIR ?? '', 'sealing.key'))
    const lost = await startServer(environment)
    expect(lost.events()).toContainEqual(
      expect.objectContaining({ event: 'environment-client', change: 'sealed anew' }),
    )
    expect(lost.events()).toContainEqual(expect.objectContaining({ event: 'sealed-secrets-lost', consumers: 1 }))
    // What signs tokens comes from the key that is lost.
    expect(await statusOf(lost, token)).toBe(401)
    expect(await statusOf(lost, (await fetchToken(lost)).token)).toBe(200)
    expect((await fetchToken(lost, { id: second.id, secret: second.secret })).status).toBe(200)
  })
})

describe('what cannot be', () => {
  it.each<{ words: string[]; says: RegExp[]; code?: number }>([
    { words: ['add'], says: [/A consumer needs a name: --name NAME\./] },
    {
      words: ['add', '--name', 'X', '--rate', 'much', '--expires', '30d'],
      says: [/--rate is neither a whole number/, /--expires is neither a day.* Did you mean P30D\?/],
    },
    { words: ['add', '--name', 'X', '--expires', '2099-02-30'], says: [/--expires is neither a day/] },
    {
      words: ['add', '--name=', '--without=', '--switches=', '--rate=', '--expires=', '--scopes=', '--schools='],
      says: [
        /--name is empty\. Give a name\./,
        /--without is empty\. .* none\./,
        /--switches is empty\. .* none\./,
        /--rate is empty\. .* none\./,
        /--expires is empty\. .* never\./,
        /--scopes is empty\. .* default\./,
        /--schools is empty\. Name the schools/,
      ],
    },
    { words: ['update', 'ID', '--without', ''], says: [/--without is empty\. .* none\./] },
    { words: ['update', 'ID', '--schools', ''], says: [/--schools is empty\./] },
    { words: ['rotate', 'ID', '--overlap', ''], says: [/--overlap is empty\. Give a duration/] },
    { words: ['update', 'ID'], says: [/nothing to change/] },
    { words: ['update'], says: [/bridge clients update ID/] },
    {
      words: ['rotate', 'ID', '--overlap', '1h'],
      says: [/--overlap is not an ISO 8601 duration.* Did you mean PT1H\?/],
    },
  ])('is wrong usage: $words', async ({ words, says }) => {
    const { code, stdout, stderr } = await runCli(['clients', ...words], { DATA_DIR: dataDir() })
    expect([code, stdout]).toEqual([2, ''])
    for (const pattern of says) expect(stderr).toMatch(pattern)
  })

  it('is refused with all its reasons', async () => {
    const environment = { DATA_DIR: dataDir() }
    const wrong = ['--scopes', 'roster.readonyl', '--without', 'contact', '--switches', 'noOauth', '--rate', '0']
    const { code, stderr } = await runCli(
      ['clients', 'add', '--name', ' ', ...wrong, '--expires', '2020-01-01'],
      environment,
    )
    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('A consumer needs a name'),
      expect.stringContaining('Did you mean `roster.readonly`?'),
      expect.stringContaining('Did you mean `contacts`?'),
      expect.stringContaining('Did you mean `noOAuth1`?'),
      expect.stringContaining('whole number'),
      expect.stringContaining('2020-01-02T00:00:00.000Z has passed already'),
    ])
    expect(await list(environment)).toEqual([])
  })

  it('is to change the schools of a consumer, or whether it sees contacts', async () => {
    const environment = { DATA_DIR: dataDir() }
    const { id } = await add(environment, '--schools', '100')
    const change = ['--schools', '200', '--without', 'contacts']
    const { code, stderr } = await runCli(['clients', 'update', id, ...change], environment)
    expect(code).toBe(1)
    expect(stderr).toMatch(/schools of a consumer cannot be changed: its delta reads.*Add a new consumer/)
    expect(stderr).toMatch(/contacts cannot be changed: its delta reads.*add a new consumer/)
  })
})

describe('the sealing key', () => {
  it('is a file beside the database that its owner alone may read, and stays as it is', async () => {
    const environment = { DATA_DIR: dataDir() }
    const path = join(environment.DATA_DIR, 'sealing.key')
    await add(environment)
    const key = readFileSync(path, 'utf8')
    expect(Buffer.from(key, 'base64')).toHaveLength(32)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await add(environment)
    expect(readFileSync(path, 'utf8')).toBe(key)
    expect(readdirSync(environment.DATA_DIR).filter((name) => name.startsWith('sealing'))).toEqual(['sealing.key'])
  })

  it('is one, however many processes begin at once', async () => {
    const powerSchool = await startPowerSchool()
    const environment = powerSchool.environment(dataDir())
    await Promise.all([add(environment), add(environment), add(environment)])
    const server = await startServer(environment)
    expect(server.events().map(({ event }) => event)).not.toContain('sealed-secrets-lost')
    expect(await list(environment)).toHaveLength(4)
  })

  it.each(['', 'AAAA\n', 'not base64 of anything at all, and rather long'])(
    'that is damaged (%j) is told with its remedy, and nothing is made with it',
    async (text) => {
      const environment = { DATA_DIR: dataDir() }
      writeFileSync(join(environment.DATA_DIR, 'sealing.key'), text)
      const { code, stdout, stderr } = await runCli(['clients', 'add', '--name', 'X'], environment)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/sealing\.key is damaged.*\nBring it back from a copy/)
      expect(await list(environment)).toEqual([])
    },
  )
})
