// Several profiles behind one front in one process: simulated PowerSchools by their host, stores in memory, a clock that tests turn.
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'
import { createPowerSchool, type PowerSchool } from '../../fixtures/powerschool/simulator.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { createFront } from '../../src/front/front.ts'
import { createLog } from '../../src/log.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { createProfileHost } from '../../src/profiles/host.ts'
import { profileLog } from '../../src/profiles/log.ts'
import { createMappingShelf, type MappingShelf } from '../../src/profiles/mapping-shelf.ts'
import {
  DEFAULT_PROFILE,
  type HostRuntime,
  type Mappings,
  type ProfileDirectory,
  type ProfileHost,
} from '../../src/profiles/ports.ts'
import { type NodeSqlite, openNodeSqlite } from '../../src/store/node-sqlite.ts'
import type { StepRuntime } from '../../src/sync/step-schedule.ts'
import { onTestEnd } from '../support/ending.ts'
import { ADMIN_TOKEN, BASE, CONSUMER, PUBLIC_URL } from '../support/known.ts'
import { type Clock, testRuntime } from '../support/test-runtime.ts'

export interface Town {
  readonly clock: Clock
  readonly logged: readonly string[]
  /** The stores by the profile's id; they outlive a restart. */
  readonly stores: ReadonlyMap<string, NodeSqlite>
  readonly fetch: (request: Request) => Promise<Response>
  /** Of the admin API, with its token; a body is sent as JSON. */
  admin(method: string, path: string, body?: unknown): Promise<Answer>
  /** Makes a profile, and waits until it is settled. */
  add(body: unknown): Promise<string>
  /** When nothing is under way any more. */
  settled(): Promise<void>
  /** Turns the clock, and calls what is due by then. */
  pass(ms: number): Promise<void>
  token(consumer?: { readonly id: string; readonly secret: string }): Promise<string>
  roster(path: string, token: string): Promise<Answer>
  consumer(profile: string): Promise<{ readonly id: string; readonly secret: string }>
  /** As if the process had ended, and begun anew; with other settings where they are given. */
  restart(settings?: Readonly<Record<string, string>>): Promise<void>
  /** The same up to the moment in which it begins what it does by itself; answers how to. */
  reopen(settings?: Readonly<Record<string, string>>): Promise<() => Promise<void>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look at all of it.
  readonly json: any
}

export interface TownOptions {
  /** By the host in their connectionUrl. */
  readonly servers: Readonly<Record<string, PowerSchool>>
  /** The environment's settings, but for what all towns have; without POWERSCHOOL_URL there is no profile of the environment. */
  readonly settings?: Readonly<Record<string, string>>
  /** In place of the default mapping, which is at hand; asked anew by each restart. */
  readonly mappings?: () => Mappings
  /** Syncs are done in steps, as by Durable Objects. */
  readonly inSteps?: boolean
}

interface Timer {
  readonly atMs: number
  readonly call: () => void
}

const TODAY = '2025-10-15'

let shelf: MappingShelf | undefined

/** The default mapping, compiled once. */
export function defaultMappings(): MappingShelf {
  shelf ??= createMappingShelf(readMappingFiles())
  return shelf
}

export function school(seed: number, change: Partial<Parameters<typeof createDistrict>[0]> = {}): PowerSchool {
  const district: District = createDistrict({ students: 40, seed, today: TODAY, perStudentEnrollments: 2, ...change })
  const credentials = { clientId: `client-${seed}`, clientSecret: `powerschool-secret-${seed}` }
  return createPowerSchool({ district, credentials })
}

/** The numbers of its schools that have students, the largest first. */
export function numbersOf({ district }: PowerSchool): readonly string[] {
  return district.db
    .prepare(`select schoolid as number from students where enroll_status = 0 group by 1 order by count(*) desc`)
    .all()
    .map(({ number }) => String(number))
}

/** The settings of a profile that reads this server. */
export function bodyOf(host: string, { credentials }: PowerSchool, more: object = {}): Record<string, unknown> {
  const { clientId, clientSecret } = credentials
  return {
    displayName: host,
    template: 'rest',
    dataProvider: { connectionUrl: `https://${host}`, clientId, clientSecret },
    ...more,
  }
}

/** What the environment says to read this server by its own profile. */
export function defaultOf(host: string, { credentials }: PowerSchool): Record<string, string> {
  return {
    POWERSCHOOL_URL: `https://${host}`,
    POWERSCHOOL_CLIENT_ID: credentials.clientId,
    POWERSCHOOL_CLIENT_SECRET: credentials.clientSecret,
    ONEROSTER_CLIENT_ID: CONSUMER.id,
    ONEROSTER_CLIENT_SECRET: CONSUMER.secret,
  }
}

function configOf(settings: Readonly<Record<string, string>>): Config {
  const read = readConfig(
    {
      ADMIN_TOKEN,
      POWERSCHOOL_TEMPLATE: 'rest',
      PUBLIC_URL,
      PUBLISH_QUIET: 'PT0S',
      SYNC_INTERVAL: 'PT0S',
      ...settings,
    },
    { needsPowerSchool: false },
  )
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  return read.config
}

export async function openTown({ servers, settings = {}, mappings, inSteps = false }: TownOptions): Promise<Town> {
  let config = configOf(settings)
  const mappingsOf = mappings ?? defaultMappings
  const first = Object.values(servers)[0]
  const clock = { now: Date.parse(`${first?.district.today}T18:00:00Z`) }
  const logged: string[] = []
  const log = createLog({ level: 'debug', now: () => clock.now, write: (line) => logged.push(line) })
  const stores = new Map<string, NodeSqlite>()
  const hosts = new Map<string, ProfileHost>()
  const timers = new Set<Timer>()
  const works = new Set<Promise<void>>()
  let ids = 0
  onTestEnd(() => {
    for (const sql of stores.values()) sql.close()
  })

  const steps = new Map<string, Timer>()

  function launch(work: () => Promise<void>): void {
    const done = work().finally(() => works.delete(done))
    works.add(done)
  }

  const runtimeOf = (id: string, sql: NodeSqlite): HostRuntime => ({
    ...testRuntime({
      sql,
      clock,
      log: profileLog(log, id),
      fetch: (url, init) => {
        const { host } = new URL(String(url))
        const server = servers[host]
        return server === undefined ? Promise.reject(new TypeError('no such host')) : server.fetch(url, init)
      },
      after(ms, call) {
        const timer = { atMs: clock.now + ms, call }
        timers.add(timer)
        return () => timers.delete(timer)
      },
      newId: () => `id-${++ids}`,
    }),
    launch,
    ...(inSteps ? { steps: stepsOf(id) } : {}),
  })

  /** Of one profile; a step ends by itself alone. */
  const stepsOf = (id: string): StepRuntime => ({
    wakeAt(atMs, work) {
      const before = steps.get(id)
      if (before !== undefined) timers.delete(before)
      const timer = { atMs, call: () => launch(work) }
      steps.set(id, timer)
      timers.add(timer)
    },
    open: () => ({ signal: new AbortController().signal, computeMs: Number.POSITIVE_INFINITY, end() {}, close() {} }),
  })

  async function openHost(id: string): Promise<ProfileHost> {
    const sql = stores.get(id) ?? openNodeSqlite(':memory:')
    stores.set(id, sql)
    const host = await createProfileHost({
      id,
      config,
      runtime: runtimeOf(id, sql),
      publicUrl: PUBLIC_URL,
      mappings: mappingsOf(),
      directory,
      onDeleted: () => directory.remove(id),
    })
    hosts.set(id, host)
    return host
  }

  const directory: ProfileDirectory = {
    list: async () => [...hosts.keys()],
    open: async (id) => hosts.get(id),
    create: openHost,
    async remove(id) {
      hosts.delete(id)
      stores.get(id)?.close()
      stores.delete(id)
    },
  }
  if (config.powerSchool !== undefined) await (await openHost(DEFAULT_PROFILE)).start()
  const front = createFront({
    directory,
    config,
    publicUrl: PUBLIC_URL,
    log,
    now: () => clock.now,
    newId: () => `id-${++ids}`,
  })

  const isDue = () => [...timers].some(({ atMs }) => atMs <= clock.now)

  function callDue(): void {
    for (const timer of [...timers].filter(({ atMs }) => atMs <= clock.now)) {
      timers.delete(timer)
      timer.call()
    }
  }

  async function settled(): Promise<void> {
    do {
      if (inSteps) callDue()
      await Promise.all(works)
      await Promise.all([...hosts.values()].map((host) => host.bridge()?.schedule.settled()))
    } while (
      works.size > 0 ||
      (inSteps && isDue()) ||
      [...hosts.values()].some((host) => host.bridge()?.schedule.running() !== undefined)
    )
  }

  async function ask(request: Request): Promise<Answer> {
    const answer = await front.fetch(request)
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json') === true
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: isJson && text !== '' ? JSON.parse(text) : undefined,
    }
  }

  const admin: Town['admin'] = (method, path, body) =>
    ask(
      new Request(`${PUBLIC_URL}/admin${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )

  async function reopen(changed = settings): Promise<() => Promise<void>> {
    for (const host of hosts.values()) await host.stop()
    timers.clear()
    config = configOf(changed)
    const opened = await Promise.all([...hosts.keys()].map(openHost))
    return async () => {
      for (const host of opened) await host.start()
      await settled()
    }
  }

  await settled()
  return {
    clock,
    logged,
    stores,
    fetch: front.fetch,
    admin,
    async add(body) {
      const { status, json, text } = await admin('POST', '/profiles', body)
      if (status !== 202) throw new Error(text)
      await settled()
      return json.id
    },
    settled,
    async pass(ms) {
      clock.now += ms
      callDue()
      await settled()
    },
    async token({ id, secret } = CONSUMER) {
      const { json } = await ask(
        new Request(`${PUBLIC_URL}/oauth/token`, {
          method: 'POST',
          headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
          body: new URLSearchParams({ grant_type: 'client_credentials' }),
        }),
      )
      return json.access_token ?? ''
    },
    roster: (path, token) =>
      ask(new Request(`${PUBLIC_URL}${BASE}${path}`, { headers: { authorization: `Bearer ${token}` } })),
    async consumer(profile) {
      const { json } = await admin('POST', `/profiles/${profile}/consumers`, { name: 'a consumer of the tests' })
      return json
    },
    reopen,
    async restart(changed) {
      const start = await reopen(changed)
      await start()
    },
  }
}
