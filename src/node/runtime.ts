// What Node gives to a profile.
import { hostname } from 'node:os'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { constants, deflateRaw, type ZlibOptions } from 'node:zlib'
import { Agent, fetch } from 'undici'
import type { Config } from '../config.ts'
import { createLog, type Log } from '../log.ts'
import type { Fetch } from '../powerschool/ask.ts'
import { profileLog } from '../profiles/log.ts'
import type { HostRuntime } from '../profiles/ports.ts'
import type { LockOwner } from '../store/locks.ts'
import type { NodeSqlite } from '../store/node-sqlite.ts'
import type { Deflate } from '../store/records.ts'

export function nodeLog(config: Config): Log {
  return createLog({ level: config.logLevel, now: Date.now, write: (line) => process.stdout.write(`${line}\n`) })
}

const HERE: LockOwner = {
  name: `${process.pid}@${hostname()}#${crypto.randomUUID()}`,
  mayBeAlive(name) {
    const [pid, host] = name.split('#')[0]?.split('@') ?? []
    // Of another machine, or a container that was made anew, only the lease can tell.
    if (host !== hostname()) return true
    // This process has the number now, so the one that had it has ended.
    if (Number(pid) === process.pid) return false
    try {
      process.kill(Number(pid), 0)
      return true
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
  },
}

/** A fetch with as many connections to PowerSchool as requests may be under way. */
export function nodeFetch(config: Config): Fetch {
  const dispatcher = new Agent({ connections: config.powerSchoolConcurrency, pipelining: 1 })
  // undici's fetch is the platform's; its types are declared apart from the DOM's.
  return (url, init) => fetch(url, { ...(init as object), dispatcher }) as unknown as Promise<Response>
}

const deflateInPool = promisify<Uint8Array, ZlibOptions, Uint8Array>(deflateRaw)
/** Each chunk of output is a job of its own in the thread pool. */
const DEFLATE_CHUNK = 64 << 10
const DEFLATE_LEVELS = { fast: 1, small: 6 }

export const nodeDeflate: Deflate = (bytes, level) =>
  deflateInPool(bytes, {
    level: DEFLATE_LEVELS[level],
    finishFlush: constants.Z_FULL_FLUSH,
    chunkSize: DEFLATE_CHUNK,
  })

export interface NodeRuntimeOptions {
  readonly config: Config
  readonly profile: string
  readonly sql: NodeSqlite
  readonly log: Log
  /** The key of which those of all profiles are made. */
  readonly sealingKey: Uint8Array
}

export function nodeRuntime({ config, profile, sql, log, sealingKey }: NodeRuntimeOptions): HostRuntime {
  return {
    sql,
    log: profileLog(log, profile),
    fetch: nodeFetch(config),
    now: Date.now,
    sleep: (ms, signal) => wait(ms, undefined, signal === undefined ? {} : { signal }),
    random: Math.random,
    nextTurn,
    pause: async () => {
      await nextTurn()
      await sql.whenLogIsShort()
    },
    after: (ms, call) => {
      const timer = setTimeout(call, ms)
      return () => clearTimeout(timer)
    },
    launch: (work) => void work(),
    // A sync goes over the whole file; mapped, all of it would count as this process's memory.
    onSyncing: (isSyncing) => sql.mapFile(!isSyncing),
    newId: () => crypto.randomUUID(),
    lockOwner: HERE,
    deflate: nodeDeflate,
    sealingKey,
  }
}
