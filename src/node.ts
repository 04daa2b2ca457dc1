// The bridge on Node: opens the profiles that there are, and serves them until it is told to stop.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { type Config, type ConfigResult, formatFaults, readConfig } from './config.ts'
import { BridgeError } from './errors.ts'
import { createFront, type Front } from './front/front.ts'
import { hasDatabase, openSealingKey, storedProfiles } from './node/files.ts'
import { openDefault, openNodeProfiles } from './node/profiles.ts'
import { nodeDeflate, nodeLog } from './node/runtime.ts'
import type { ProfileBridge } from './profiles/ports.ts'
import { DEFAULT_PROFILE } from './store/profile.ts'

export { nodeDeflate }

const DRAIN_MS = 5_000
const SWEEP_MS = 50

export interface RunningServer {
  readonly url: string
  /** The environment's profile, where there is one. */
  readonly bridge: ProfileBridge | undefined
  /** Answers what is under way, ends the running syncs at their next safe points, and closes the stores. */
  stop(): Promise<void>
}

/**
 * Opens the profiles, listens, and starts the syncs. What is wrong with settings, the mapping that they name, or the port is
 * refused here; another profile that cannot be opened is logged, and keeps no other from serving.
 */
export async function startServer(config: Config): Promise<RunningServer> {
  const log = nodeLog(config)
  const opened = openDefault(config)
  const sealingKey = openSealingKey(config)

  // Addresses may depend on the port; all of it is there before the first request can be.
  let front: Front | undefined
  const server = createAdaptorServer({
    fetch: (request) => front?.fetch(request) ?? new Response(null, { status: 503 }),
  }) as Server
  const { port } = await listen(server, config).catch((error: unknown) => {
    opened.sql?.close()
    throw error
  })
  const host = config.host.includes(':') && !config.host.startsWith('[') ? `[${config.host}]` : config.host
  const url = `http://${host}:${port}`
  const publicUrl = config.publicUrl ?? url
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  const profiles = await openNodeProfiles({ ...opened, config, log, publicUrl, sealingKey }).catch(
    async (error: unknown) => {
      await close()
      throw error
    },
  )
  front = createFront({ directory: profiles, config, publicUrl, log, now: Date.now, newId: () => crypto.randomUUID() })
  log.info('listening', { url, publicUrl })
  await profiles.start()
  return {
    url,
    bridge: profiles.host(DEFAULT_PROFILE)?.bridge(),
    async stop() {
      log.info('stopping')
      const closed = close()
      // A connection is idle only when its answer has been sent; a consumer would keep it open for the whole time to drain.
      const sweeper = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
      await profiles.stop()
      const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      await closed
      clearTimeout(timer)
      clearInterval(sweeper)
      profiles.close()
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
  const read = serverSettings(process.env)
  if (!read.ok) {
    process.stderr.write(`${formatFaults(read.faults)}\n`)
    return 1
  }
  const running = await startServer(read.config)
  await untilTold()
  await running.stop()
  return 0
}

/**
 * The settings of a server. It needs no connection of its own where profiles are there, or can be made by the admin API; but where
 * one of its settings is there, or its database, all of them must be.
 */
function serverSettings(environment: NodeJS.ProcessEnv): ConfigResult {
  const whole = readConfig(environment, { needsPowerSchool: true })
  const isMeant = ['URL', 'CLIENT_ID', 'CLIENT_SECRET'].some((name) => environment[`POWERSCHOOL_${name}`]?.trim())
  if (whole.ok || isMeant) return whole
  const read = readConfig(environment, { needsPowerSchool: false })
  if (!read.ok || hasDatabase(read.config)) return whole
  const { config } = read
  return storedProfiles(config).length > 0 || config.adminToken !== undefined ? read : whole
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
