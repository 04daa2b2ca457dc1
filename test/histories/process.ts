// A process of the bridge in a simulated world: its runtime's every wait is a turn of the scheduler, and it can be killed.
import { constants, deflateRawSync } from 'node:zlib'
import { type Bridge, createBridge } from '../../src/bridge.ts'
import { type ConnectedConfig, readConfig } from '../../src/config.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import type { Log, LogFields } from '../../src/log.ts'
import type { Mapping } from '../../src/mapping/run/compile.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { prepareStore } from '../../src/prepare.ts'
import type { Runtime } from '../../src/runtime.ts'
import type { Sql } from '../../src/store/sql.ts'
import { type Death, type MortalSql, openMortalSql } from './mortal-sql.ts'
import type { Owner } from './scheduler.ts'
import type { World } from './world.ts'

export const PUBLIC_URL = 'https://bridge.example.org'
export const ADMIN_TOKEN = 'an-admin-token-of-the-tests-alone'
export const SEALING_KEY = new Uint8Array(32).fill(7)
const SIGNING_KEY = new Uint8Array(32).fill(9)

export interface BridgeProcess extends Owner {
  readonly bridge: Bridge
  readonly sql: MortalSql
  /** The database itself: whoever looks through it is no part of the process. */
  readonly file: Sql
  /** Rejects when the process dies. */
  readonly died: Promise<never>
  /** When it last asked PowerSchool or took the lock, by the clock that never steps back. */
  readonly busyMs: () => number
  /** One HTTP request; nothing when the process dies before it has answered. */
  ask(path: string, init?: RequestInit): Promise<Answer | undefined>
  /** As at SIGTERM: ends what can be ended, answers what is under way, closes the file. */
  stop(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

let mapping: Mapping | undefined

export interface ProcessOptions {
  readonly kind: 'server' | 'command'
  readonly onDeath: () => void
  /** When it is to die, from its first statement on. */
  readonly death?: Death
}

/** Throws `Killed` when it dies while it prepares its tables. */
export function openProcess(world: World, { kind, onDeath, death: early }: ProcessOptions): BridgeProcess {
  const { scheduler } = world
  const owner: Owner = { name: `${kind}-${world.number()}`, hasEnded: false }
  const death = Promise.withResolvers<never>()
  death.promise.catch(() => {})
  let busyMs = scheduler.elapsed()
  let underWay = 0

  const file = world.file.open()
  const sql = openMortalSql({
    inner: file,
    onDeath: () => {
      owner.hasEnded = true
      death.reject(new Error('the process died'))
      world.tally.add('kills')
      onDeath()
    },
    onPublish: () => world.observe(process),
    onWrite: (statement) => {
      if (/insert into locks/i.test(statement)) busyMs = scheduler.elapsed()
    },
  })
  const planted = world.plant(sql, world)
  mapping ??= loadMapping(readMappingFiles())
  const runtime: Runtime = {
    sql: planted,
    fetch: async (url, init) => {
      await scheduler.turn(owner)
      busyMs = scheduler.elapsed()
      world.live(world.plan.liveliness)
      const answer = await world.powerSchool.fetch(url, init)
      await scheduler.turn(owner)
      busyMs = scheduler.elapsed()
      return answer
    },
    log: logOf(world, owner),
    now: scheduler.now,
    sleep: (ms, signal) => scheduler.sleep(owner, ms, signal),
    random: () => world.random.next(),
    nextTurn: () => scheduler.turn(owner),
    pause: () => scheduler.turn(owner),
    after: (ms, call) => scheduler.after(owner, ms, call),
    newId: () => `id-${world.number()}`,
    lockOwner: {
      name: owner.name,
      mayBeAlive: (name) => [...world.processes].some((other) => other.name === name),
    },
    deflate: async (bytes, level) => {
      await scheduler.turn(owner)
      return deflateRawSync(bytes, { level: level === 'fast' ? 1 : 6, finishFlush: constants.Z_FULL_FLUSH })
    },
    sealingKey: SEALING_KEY,
    signingKey: SIGNING_KEY,
  }

  const process: BridgeProcess = Object.assign(owner, {
    sql,
    file,
    died: death.promise,
    busyMs: () => busyMs,
    bridge: createBridge({ config: configOf(world), runtime, mapping, publicUrl: PUBLIC_URL }),
    async ask(path: string, init?: RequestInit): Promise<Answer | undefined> {
      underWay += 1
      try {
        const request = new Request(`${PUBLIC_URL}${path}`, init)
        const response = await Promise.race([process.bridge.app.request(request), death.promise])
        const bytes = new Uint8Array(await Promise.race([response.arrayBuffer(), death.promise]))
        return sql.isDead() ? undefined : { status: response.status, headers: response.headers, bytes }
      } catch (error) {
        if (sql.isDead()) return undefined
        throw error
      } finally {
        underWay -= 1
      }
    },
    async stop() {
      await Promise.race([process.bridge.schedule.stop(), death.promise]).catch(() => {})
      while (underWay > 0 && !owner.hasEnded) await scheduler.sleep(world, 20)
      owner.hasEnded = true
      world.processes.delete(process)
      sql.close()
    },
  })
  if (early !== undefined) sql.dieAt(early)
  try {
    prepareStore({ ...runtime, sql: planted })
  } catch (error) {
    sql.close()
    throw error
  }
  return process
}

function configOf({ plan, powerSchool }: World): ConnectedConfig {
  const read = readConfig(
    {
      POWERSCHOOL_URL: 'https://powerschool.example.org',
      POWERSCHOOL_CLIENT_ID: powerSchool.credentials.clientId,
      POWERSCHOOL_CLIENT_SECRET: powerSchool.credentials.clientSecret,
      POWERSCHOOL_TEMPLATE: plan.template,
      ADMIN_TOKEN,
      ...plan.settings,
    },
    { needsPowerSchool: true },
  )
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  return read.config
}

const UNTOLD: ReadonlySet<string> = new Set(['request', 'token-issued', 'powerschool-source-read'])

/** Counts the syncs by their ends, and passes on what a person should know who reads the trace. */
function logOf(world: World, owner: Owner): Log {
  const tell = (event: string, fields: LogFields = {}) => {
    if (owner.hasEnded || UNTOLD.has(event)) return
    const { message, code, sync, status } = fields
    if (event === 'sync-started') world.tally.add('syncs')
    if (event === 'sync-ended') world.tally.add(`syncs ended: ${status}`)
    if (event === 'sync-failed') world.tally.add(`syncs failed: ${code}`)
    if (event === 'sync-crashed' || (event === 'sync-failed' && code === 'unknown')) {
      world.verdict.report('bridge-crashed', `${owner.name} ${event}: ${message}`)
    }
    world.note(`${owner.name} ${[event, sync, status, code, message].filter((one) => one !== undefined).join(' ')}`)
  }
  return { debug: () => {}, info: tell, warn: tell, error: tell }
}
