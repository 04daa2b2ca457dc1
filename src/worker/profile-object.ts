// A profile as a Durable Object: its store, what it answers, and the alarm that carries its syncs on.
import { BridgeError } from '../errors.ts'
import { prefixOf, splitUrl } from '../http/public-path.ts'
import { createLog } from '../log.ts'
import { profileLog } from '../profiles/log.ts'
import { DEFAULT_PROFILE, INTERNAL, type ProfileHost } from '../profiles/ports.ts'
import { findProfile } from '../store/profile.ts'
import type { Sql } from '../store/sql.ts'
import { type Agenda, createAgenda } from './agenda.ts'
import { createDirectory, OBJECT_HEADERS } from './directory.ts'
import { readSettings } from './environment.ts'
import { RestorableObject } from './restorable-object.ts'
import { createWorkerRuntime } from './runtime.ts'

/** Who it is, told by the first request and kept: an alarm tells nothing. */
interface Identity {
  readonly id: string
  /** Where it was first reached. */
  readonly origin: string
}

const IDENTITY = 'identity'

/** After an alarm that could not begin, because the settings are wrong, say. */
const LOOK_AGAIN_MS = 5 * 60_000

/** What the Worker that only passes requests on to objects never loads. */
async function loadHost() {
  const [{ createProfileHost }, { WORKER_MAPPINGS }] = await Promise.all([
    import('../profiles/host.ts'),
    import('./mappings.ts'),
  ])
  return { createProfileHost, mappings: WORKER_MAPPINGS }
}

interface Living {
  readonly host: ProfileHost
  readonly agenda: Agenda
  readonly sql: Sql
}

/** All of its state is in the store: the object may be ended at any moment and is made anew by the next event. */
export class ProfileObject extends RestorableObject {
  #living: Promise<Living | undefined> | undefined

  override async fetch(request: Request): Promise<Response> {
    const { headers } = request
    const [id, origin] = [headers.get(OBJECT_HEADERS.profile), headers.get(OBJECT_HEADERS.origin)]
    if (id === null || origin === null) return new Response(null, { status: 404 })
    const isMade = this.#isMaking(request, origin)
    const living = await this.#live(isMade || id === DEFAULT_PROFILE ? { id, origin } : undefined)
    // It has been deleted, and somebody does not know that yet.
    if (living === undefined) return new Response(null, { status: 410, headers: { [OBJECT_HEADERS.gone]: id } })
    const answer = await living.host.fetch(request)
    // Its settings were refused: it is none.
    if (isMade && id !== DEFAULT_PROFILE && findProfile(living.sql) === undefined) await this.#wipe(living.agenda)
    return answer
  }

  /** Whether the front makes a profile of it: a request from outside may end like that path, and never is that path. */
  #isMaking({ method, url }: Request, origin: string): boolean {
    if (method !== 'POST' || !url.endsWith(INTERNAL.profile)) return false
    const read = readSettings(this.env)
    const publicUrl = (read.ok ? read.settings.config.publicUrl : undefined) ?? origin
    return splitUrl(url, prefixOf(publicUrl)).path === INTERNAL.profile
  }

  /** Looks after what is due: the platform forgets an alarm that has failed too often. */
  async wake(id: string, origin: string | undefined): Promise<void> {
    // Another one that knows nothing of itself is none any more.
    const living = await this.#live(id !== DEFAULT_PROFILE || origin === undefined ? undefined : { id, origin })
    living?.agenda.setAlarm()
  }

  override async alarm(): Promise<void> {
    let living: Living | undefined
    try {
      living = await this.#live(undefined)
    } catch (error) {
      // Thrown on, the platform would try again within minutes, and then never more.
      const message = error instanceof Error ? error.message : 'unknown'
      console.error(JSON.stringify({ level: 'error', message: 'profile-not-begun', why: message }))
      return this.ctx.storage.setAlarm(Date.now() + LOOK_AGAIN_MS)
    }
    await living?.agenda.run()
  }

  async #live(identity: Identity | undefined): Promise<Living | undefined> {
    const isOwn = this.#living === undefined
    const begun = this.#living ?? this.#begin(identity)
    this.#living = begun
    let living: Living | undefined
    try {
      living = await begun
    } finally {
      // The next event may tell who it is, or find what was wrong mended.
      if (living === undefined && this.#living === begun) this.#living = undefined
    }
    // Whoever was first did not tell.
    return living === undefined && identity !== undefined && !isOwn ? this.#live(identity) : living
  }

  async #wipe(agenda: Agenda): Promise<void> {
    const { storage } = this.ctx
    // What fails here is tried again by the agenda.
    await storage.deleteAll()
    agenda.close()
    await storage.deleteAlarm()
    this.#living = undefined
  }

  /** Undefined for one that does not know who it is, and is not told: it was not made, or was deleted. */
  async #begin(told: Identity | undefined): Promise<Living | undefined> {
    const { storage } = this.ctx
    const identity = (await storage.get<Identity>(IDENTITY)) ?? told
    if (identity === undefined) return undefined
    const read = readSettings(this.env)
    if (!read.ok) throw new BridgeError('settings-invalid', read.message)
    const { config, sealingKey, stepRequests } = read.settings
    await storage.put(IDENTITY, identity)
    const { id, origin } = identity
    const log = profileLog(createLog({ level: config.logLevel, now: Date.now, write: (line) => console.log(line) }), id)
    const agenda = createAgenda(storage, { now: Date.now, log })
    const runtime = createWorkerRuntime({ storage, agenda, log, sealingKey, stepRequests })
    const directory = createDirectory({
      environment: this.env,
      hasDefault: config.powerSchool !== undefined,
      origin,
    })
    const { createProfileHost, mappings } = await loadHost()
    const host = await createProfileHost({
      id,
      config,
      runtime,
      publicUrl: config.publicUrl ?? origin,
      mappings,
      directory,
      onDeleted: async () => {
        // In this order: one that is empty and still listed is forgotten by whoever asks for it.
        await this.#wipe(agenda)
        await directory.remove(id)
      },
    })
    await host.start()
    return { host, agenda, sql: runtime.sql }
  }
}
