// The bridge on Node: opens a profile from the environment, and serves it until it is told to stop.
import { hkdfSync } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { constants, deflateRaw, type ZlibOptions } from 'node:zlib'
import { createAdaptorServer } from '@hono/node-server'
import { Agent, fetch } from 'undici'
import { SEALING_KEY_BYTES } from './auth/sealing.ts'
import { type Bridge, createBridge, prepareConsumer, prepareStore, type Runtime } from './bridge.ts'
import { type Config, type ConnectedConfig, formatFaults, readConfig } from './config.ts'
import { BridgeError } from './errors.ts'
import { createLog, type Log } from './log.ts'
import type { Mapping } from './mapping/run/compile.ts'
import { readProfileMapping } from './mapping-files.ts'
import type { Fetch } from './powerschool/ask.ts'
import type { LockOwner } from './store/locks.ts'
import { type NodeSqlite, openNodeSqlite } from './store/node-sqlite.ts'
import type { Deflate } from './store/records.ts'

const SIGNING_KEY_BYTES = 32
const DRAIN_MS = 5_000
const SWEEP_MS = 50

/** With `isServing`, what is written is moved into the file beside the readers, who would wait for the disk otherwise. */
export function openDatabase(config: Config, { isServing = false } = {}): NodeSqlite {
  mkdirSync(config.dataDir, { recursive: true })
  return openNodeSqlite(databasePath(config), { hasCheckpointThread: isServing })
}

export function hasDatabase(config: Config): boolean {
  return existsSync(databasePath(config))
}

const databasePath = ({ dataDir }: Config) => join(dataDir, 'default.sqlite')

/**
 * The key that seals consumers' secrets, and from which the one of access tokens is made: `DATA_DIR/sealing.key` (base64;
 * only its owner may read it), made on first use. It is no part of the database, so that a copy of that alone reveals no
 * secret and opens nothing. Refuses with `store-failed`.
 */
export function openSealingKey({ dataDir }: Config): Uint8Array {
  const path = join(dataDir, 'sealing.key')
  const text = readIfPresent(path) ?? makeSealingKey(path)
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length === SEALING_KEY_BYTES && key.toString('base64') === text.trim()) return Uint8Array.from(key)
  throw new BridgeError('store-failed', `${path} is damaged: it should hold 32 bytes in base64.`, {
    remedy:
      "Bring it back from a copy. Without one remove it: a new key is made, access tokens end (consumers fetch new ones), and OAuth 1.0a consumers' secrets are to be rotated.",
  })
}

/** Written whole under a name of its own and then linked, so that of two processes both take the one that came first. */
function makeSealingKey(path: string): string {
  const text = `${Buffer.from(crypto.getRandomValues(new Uint8Array(SEALING_KEY_BYTES))).toString('base64')}\n`
  const once = { flag: 'wx', mode: 0o600, flush: true } as const
  const draft = `${path}.${crypto.randomUUID()}`
  try {
    writeFileSync(draft, text, once)
    try {
      linkSync(draft, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return readFileSync(path, 'utf8')
      // A file system without links.
      writeFileSync(path, text, once)
    }
    return text
  } catch (cause) {
    throw unusableKey(path, cause)
  } finally {
    rmSync(draft, { force: true })
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusableKey(path, cause)
  }
}

function unusableKey(path: string, cause: unknown): BridgeError {
  const { code } = cause as NodeJS.ErrnoException
  return new BridgeError('store-failed', `${path} can be neither read nor made (${code}).`, {
    remedy: 'Let the process read and write in DATA_DIR; the file must belong to its user.',
    cause,
  })
}

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

/**
 * The key that signs access tokens: the sealing key's, so that no copy of the database makes a token, and a restart ends none.
 * Another sealing key ends all of them.
 */
function deriveSigningKey(sealingKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', sealingKey, '', 'oneroster-bridge access tokens', SIGNING_KEY_BYTES))
}

function nodeRuntime(config: Config, sql: NodeSqlite, log: Log): Profile['runtime'] {
  const sealingKey = openSealingKey(config)
  return {
    sql,
    log,
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
    // A sync goes over the whole file; mapped, all of it would count as this process's memory.
    onSyncing: (isSyncing) => sql.mapFile(!isSyncing),
    newId: () => crypto.randomUUID(),
    lockOwner: HERE,
    deflate: nodeDeflate,
    sealingKey,
    signingKey: deriveSigningKey(sealingKey),
  }
}

/** What a bridge needs of Node besides its address. */
interface Profile {
  readonly mapping: Mapping
  readonly runtime: Runtime & { readonly sql: NodeSqlite }
}

/** Opens the store and the mapping. Refuses with `mapping-invalid` (every diagnostic) or `settings-invalid`. */
export function openProfile(config: ConnectedConfig, log: Log, { isServing = false } = {}): Profile {
  const mapping = readProfileMapping(config.mapping)
  return { mapping, runtime: nodeRuntime(config, openDatabase(config, { isServing }), log) }
}

export interface RunningServer {
  readonly url: string
  readonly bridge: Bridge
  /** Answers what is under way, ends the running sync at its next safe point, and closes the store. */
  stop(): Promise<void>
}

/** Opens the profile, listens, and starts the syncs. What is wrong with settings, mapping or port is refused here. */
export async function startServer(config: ConnectedConfig): Promise<RunningServer> {
  const log = nodeLog(config)
  const { mapping, runtime } = openProfile(config, log, { isServing: true })
  prepareStore(runtime)
  await prepareConsumer(config, runtime)

  // The app may depend on the port; it is there before the first request can be.
  let app: Bridge['app'] | undefined
  const server = createAdaptorServer({
    fetch: (request) => app?.fetch(request) ?? new Response(null, { status: 503 }),
  }) as Server
  const { port } = await listen(server, config).catch((error: unknown) => {
    runtime.sql.close()
    throw error
  })
  const host = config.host.includes(':') && !config.host.startsWith('[') ? `[${config.host}]` : config.host
  const url = `http://${host}:${port}`
  const bridge = createBridge({ config, mapping, runtime, publicUrl: config.publicUrl ?? url })
  app = bridge.app
  log.info('listening', { url, publicUrl: config.publicUrl ?? url })
  bridge.schedule.start()
  return {
    url,
    bridge,
    async stop() {
      log.info('stopping')
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // A connection is idle only when its answer has been sent; a consumer would keep it open for the whole time to drain.
      const sweeper = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
      await bridge.schedule.stop()
      const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      await closed
      clearTimeout(timer)
      clearInterval(sweeper)
      runtime.sql.close()
      log.info('stopped')
    },
  }
}

function listen(server: Server, { host, port }: Config): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new BridgeError(
          'settings-invalid',
          `Cannot listen on ${host}:${port} (${(cause as NodeJS.ErrnoException).code}).`,
          {
            remedy: 'Choose another PORT or HOST, or stop what listens there.',
            cause,
          },
        ),
      )
    })
    // A server that listens on a port has an address of this kind.
    server.listen(port, host.replace(/^\[|\]$/g, ''), () => resolve(server.address() as AddressInfo))
  })
}

/** `npm start`: serves until SIGTERM or SIGINT; a second signal ends it at once. Answers the exit code. */
export async function serve(): Promise<number> {
  const read = readConfig(process.env, { needsPowerSchool: true })
  if (!read.ok) {
    process.stderr.write(`${formatFaults(read.faults)}\n`)
    return 1
  }
  const running = await startServer(read.config)
  await untilTold()
  await running.stop()
  return 0
}

/** Resolves at the first SIGTERM or SIGINT; the next one has its usual effect. */
export function untilTold(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGTERM', 'SIGINT'] as const
    const told = () => {
      for (const signal of signals) process.off(signal, told)
      resolve()
    }
    for (const signal of signals) process.on(signal, told)
  })
}

if (import.meta.main) {
  const { reportFailure } = await import('./cli/output.ts')
  process.exitCode = await serve().catch(reportFailure)
}
