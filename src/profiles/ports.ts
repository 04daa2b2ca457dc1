// What the host of a profile needs of a runtime, and what the front needs of who keeps the profiles.
import type { Config } from '../config.ts'
import type { Layers } from '../mapping/files/layers.ts'
import type { Runtime } from '../runtime.ts'
import type { Wired } from '../serving.ts'
import type { MappingShelf } from './mapping-shelf.ts'

export { DEFAULT_PROFILE } from '../store/profile.ts'

/** What only a runtime can give. The host makes the profile's own keys of `sealingKey`, which is the same for all profiles. */
export interface HostRuntime extends Omit<Runtime, 'signingKey'> {
  /** Starts work that outlives the request, and answers at once; what the work throws has been logged by itself. */
  readonly launch: (work: () => Promise<void>) => void
}

/** Where mappings are had from. What reads, checks and compiles them is large, and not needed to serve what was made by them. */
export interface Mappings {
  /** It is loaded already, so nothing is gained by doing without. */
  readonly isAtHand: boolean
  /** Another one when the texts of the default mapping are, or what reads them. */
  digest(): Promise<string>
  /** Loads what checks and compiles. */
  open(): Promise<MappingShelf>
}

export interface ProfileHostOptions {
  readonly id: string
  /** The environment's: all of it for `default`; for others what profiles have in common (lifetimes, limits, addresses). */
  readonly config: Config
  readonly runtime: HostRuntime
  /** Origin and prefix of every link, without a trailing slash. */
  readonly publicUrl: string
  /** The default mapping with layers over it; one for the whole process. */
  readonly mappings: Mappings
  /** What the setting MAPPING names; for `default` alone. */
  readonly layers?: Layers | undefined
  /** Called once, when the profile was deleted and everything of it has stopped: wipes the store, and forgets the id. */
  readonly onDeleted?: () => Promise<void>
  /** The others, for groups; without it there can be none. */
  readonly directory?: Pick<ProfileDirectory, 'open'>
}

/** One profile, wherever it lives: in this process, or behind a Durable Object's stub. */
export interface ProfileHandle {
  /**
   * The profile's whole surface, below the paths that a profile of the environment has: OneRoster, `/oauth/token`, `/readyz`,
   * `/metrics`, `/admin/…` with `/admin/profile…`, and `/internal/…`, which whoever is outside must not reach.
   */
  fetch(request: Request): Promise<Response>
}

/** What serves and syncs a profile: of a district, or of a group. */
export type ProfileBridge = Wired

export interface ProfileHost extends ProfileHandle {
  readonly id: string
  /** Of the settings as they are now; undefined while they are not enough for one (provisioning failed at the start, deleting). */
  bridge(): ProfileBridge | undefined
  /** Goes on with what was under way: provisioning, deletion, or the syncs by their schedule. */
  start(): Promise<void>
  /** Ends the running sync at its next safe point. The store stays open. */
  stop(): Promise<void>
}

/** Who keeps the profiles. Ids are not to be guessed, and none is given twice. */
export interface ProfileDirectory {
  /** `default` first, where there is one; then the oldest first. */
  list(): Promise<readonly string[]>
  /** Undefined for an id that there is not; must be cheap, for every request asks. */
  open(id: string): Promise<ProfileHandle | undefined>
  /**
   * Makes an empty profile. Its settings follow by `POST /internal/profile`, and only when that answers 202 is it one: else
   * `remove` is called.
   */
  create(id: string): Promise<ProfileHandle>
  /** Forgets the id; `onDeleted` of the host has wiped its store, or does it now where nothing was put into it. */
  remove(id: string): Promise<void>
}

/** What the front alone asks of a profile (groups have paths of their own: src/groups). */
export const INTERNAL = {
  /** POST: the body of `POST /admin/profiles`; 202 or 400. */
  profile: '/internal/profile',
  /** GET: the profile as `GET /admin/profile` shows it, with its status. */
  summary: '/internal/summary',
  /** GET: the families of `/metrics` as JSON. */
  metrics: '/internal/metrics',
} as const
