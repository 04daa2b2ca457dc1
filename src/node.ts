// The bridge on Node: opens a profile from the environment, and serves it until it is told to stop.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createAdaptorServer } from '@hono/node-server'
import { Agent, fetch } from 'undici'
import { type Bridge, createBridge, prepareConsumer, prepareStore, type Runtime } from './bridge.ts'
import { type Config, type ConnectedConfig, formatFaults, readConfig } from './config.ts'
import { BridgeError } from './errors.ts'
import { loadMapping } from './load-mapping.ts'
import { createLog, type Log } from './log.ts'
import type { Mapping } from './mapping/compile.ts'
import type { MappingFile } from './mapping/load.ts'
import type { Fetch } from './powerschool/ask.ts'
import type { LockOwner } from './store/locks.ts'
import { type NodeSqlite, openNodeSqlite } from './store/node-sqlite.ts'

const MAPPINGS = fileURLToPath(new URL('../mappings/', import.meta.url))
const DRAIN_MS = 5_000
const SWEEP_MS = 50

/** The default mapping's files, with paths as a person would write them from the project's folder. */
export function readMappingFiles(): MappingFile[] {
  return readdirSync(MAPPINGS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.startsWith('districts'))
    .sort()
    .map((name) => ({ path: join('mappings', name), text: readFileSync(join(MAPPINGS, name), 'utf8') }))
}

export function openDatabase(config: Config): NodeSqlite {
  mkdirSync(config.dataDir, { recursive: true })
  return openNodeSqlite(join(config.dataDir, 'default.sqlite'))
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

function nodeRuntime(config: Config, sql: NodeSqlite, log: Log): Profile['runtime'] {
  return {
    sql,
    log,
    fetch: nodeFetch(config),
    now: Date.now,
    sleep: (ms, signal) => wait(ms, undefined, signal === undefined ? {} : { signal }),
    random: Math.random,
    pause: nextTurn,
    after: (ms, call) => {
      const timer = setTimeout(call, ms)
      return () => clearTimeout(timer)
    },
    newId: () => crypto.randomUUID(),
    lockOwner: HERE,
  }
}

/** What a bridge needs of Node besides its address. */
interface Profile {
  readonly mapping: Mapping
  readonly runtime: Runtime & { readonly sql: NodeSqlite }
}

/** Opens the store and the mapping. Refuses with `mapping-invalid` (every diagnostic) or `settings-invalid`. */
export function openProfile(config: ConnectedConfig, log: Log): Profile {
  refuseUnbuilt(config)
  const mapping = loadMapping(readMappingFiles())
  return { mapping, runtime: nodeRuntime(config, openDatabase(config), log) }
}

/** Settings of the contract that this version cannot honour yet must not be passed over in silence. */
function refuseUnbuilt(config: Config): void {
  if (config.powerSchoolTemplate === 'powerquery') {
    throw new BridgeError('settings-invalid', 'POWERSCHOOL_TEMPLATE=powerquery is not built yet.', {
      remedy: 'Set it to rest or auto.',
    })
  }
  if (config.mapping !== undefined) {
    throw new BridgeError('settings-invalid', 'MAPPING names an overlay, which this version cannot read yet.', {
      remedy: 'Unset MAPPING; the default mapping is used.',
    })
  }
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
  const { mapping, runtime } = openProfile(config, log)
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
