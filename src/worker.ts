// The bridge on Cloudflare Workers: finds the profile that a request is for, and wakes those whose work is due.
import type { Config } from './config.ts'
import { createFront, type Front } from './front/front.ts'
import { createLog, type Log } from './log.ts'
import { createRecent } from './recent.ts'
import { CONTROL_NAME } from './worker/control-object.ts'
import { createDirectory, OBJECT_HEADERS } from './worker/directory.ts'
import { type Environment, readSettings } from './worker/environment.ts'
import { createRestorer, type RestorerOptions } from './worker/restorer.ts'

export { ControlObject } from './worker/control-object.ts'
export { ProfileObject } from './worker/profile-object.ts'

const HEADERS = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' }

/** By the origin that was asked, where no PUBLIC_URL says which it is. */
const fronts = createRecent<Front>({ max: 10 })

function frontOf(origin: string, config: Config, environment: Environment): Front {
  const known = fronts.get(origin)
  if (known !== undefined) return known
  const log = logOf(config)
  const front = createFront({
    directory: createDirectory({ environment, hasDefault: config.powerSchool !== undefined, origin }),
    config,
    publicUrl: config.publicUrl ?? origin,
    log,
    newId: () => crypto.randomUUID(),
    now: Date.now,
    restorer: restorerOf(environment, { log, origin: config.publicUrl ?? origin }),
  })
  fronts.set(origin, front)
  return front
}

function restorerOf({ PROFILES, CONTROL }: Environment, given: Pick<RestorerOptions, 'log' | 'origin'>) {
  return createRestorer({
    ...given,
    control: () => CONTROL.get(CONTROL.idFromName(CONTROL_NAME)),
    object: (id) => PROFILES.get(PROFILES.idFromName(id)),
    newId: () => crypto.randomUUID(),
  })
}

function logOf({ logLevel }: Config): Log {
  return createLog({ level: logLevel, now: Date.now, write: (line) => console.log(line) })
}

const HOUR_MS = 3_600_000
/** An invocation may send 1,000 requests, of which a restore takes some. */
const MOST_WOKEN = 900

/** Those that this hour wakes: all, or another part of them every hour. */
function inTurn(ids: readonly string[], nowMs: number): readonly string[] {
  const parts = Math.ceil(ids.length / MOST_WOKEN)
  if (parts < 2) return ids
  const from = (Math.floor(nowMs / HOUR_MS) % parts) * MOST_WOKEN
  return ids.slice(from, from + MOST_WOKEN)
}

interface PlatformFacts {
  readonly cf?: { readonly clientAcceptEncoding?: unknown }
}

/** The request as its sender wrote it: nobody else says which profile it is, and the platform asks for gzip by itself. */
function asSent(request: Request & PlatformFacts): Request {
  const sent = new Request(request)
  for (const name of Object.values(OBJECT_HEADERS)) sent.headers.delete(name)
  const encodings = request.cf?.clientAcceptEncoding
  if (typeof encodings === 'string') sent.headers.set('accept-encoding', encodings)
  return sent
}

export default {
  async fetch(request: Request, environment: Environment): Promise<Response> {
    const read = readSettings(environment)
    if (!read.ok) {
      console.error(JSON.stringify({ level: 'error', message: 'settings-invalid', faults: read.message }))
      return new Response('The settings of this Worker are wrong; its log says which.\n', {
        status: 503,
        headers: HEADERS,
      })
    }
    const { origin } = new URL(request.url)
    return frontOf(origin, read.settings.config, environment).fetch(asSent(request))
  },

  /** An alarm that failed too often is forgotten by the platform; whoever is awake sets its own anew. */
  async scheduled(_event: unknown, environment: Environment): Promise<void> {
    const read = readSettings(environment)
    // Whoever asks is told, and the log with it.
    if (!read.ok) return
    const { config } = read.settings
    const { publicUrl } = config
    const hasDefault = config.powerSchool !== undefined
    const log = logOf(config)
    const directory = createDirectory({ environment, hasDefault, origin: publicUrl ?? '' })
    await restorerOf(environment, { log, origin: publicUrl })
      .goOn()
      .catch((error: unknown) => log.error('restores-not-read', { message: String(error) }))
    for (const id of inTurn(await directory.list(), Date.now())) {
      try {
        // Without an address, one that nobody has asked yet sleeps on: it could not tell its links.
        await environment.PROFILES.get(environment.PROFILES.idFromName(id)).wake(id, publicUrl)
      } catch (error) {
        log.error('profile-not-woken', { profile: id, message: String(error) })
      }
    }
  },
}
