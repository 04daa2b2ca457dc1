// The profiles of a process on Node: one database each, opened at the start.
import type { Config } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { prefixOf } from '../http/public-path.ts'
import type { Log } from '../log.ts'
import type { Layers } from '../mapping/files/layers.ts'
import { STORAGE } from '../oneroster/storage.ts'
import { createProfileHost } from '../profiles/host.ts'
import { createMappingShelf, type MappingShelf } from '../profiles/mapping-shelf.ts'
import type { ProfileDirectory, ProfileHandle, ProfileHost } from '../profiles/ports.ts'
import { migrate } from '../store/migrations.ts'
import type { NodeSqlite } from '../store/node-sqlite.ts'
import { DEFAULT_PROFILE, findProfile } from '../store/profile.ts'
import { brokenProfile } from './broken-profile.ts'
import { openDatabase, removeDatabase, removeRemains, storedProfiles } from './files.ts'
import { readLayers, readMappingFiles } from './mapping-files.ts'
import { requireOwn } from './own-store.ts'
import { nodeRuntime } from './runtime.ts'

/** Each takes a thread of its own for the checkpoints of its database; beyond that they are made between requests. */
const MOST_CHECKPOINT_THREADS = 8
/** Between the first syncs of two profiles, so that a start does not read all districts at once. */
const APART_MS = 500

export interface NodeProfiles extends ProfileDirectory {
  host(id: string): ProfileHost | undefined
  /** Goes on with what was under way in each; resolves when the environment's does. */
  start(): Promise<void>
  /** Ends what runs at its next safe point. */
  stop(): Promise<void>
  close(): void
}

export interface OpenedDefault {
  readonly mappings: MappingShelf
  /** What MAPPING names. */
  readonly layers: Layers | undefined
  /** The environment's database; none without a connection. */
  readonly sql: NodeSqlite | undefined
}

/** What of the environment's profile can be refused: its mapping (`mapping-invalid`) and its database (`store-failed`). */
export function openDefault(config: Config): OpenedDefault {
  const mappings = createMappingShelf(readMappingFiles())
  const layers = config.mapping === undefined ? undefined : readLayers(config.mapping)
  if (layers !== undefined) mappings.load(layers)
  const sql = config.powerSchool === undefined ? undefined : openDatabase(config, { isServing: true })
  return { mappings, layers, sql }
}

export interface NodeProfilesOptions extends OpenedDefault {
  readonly config: Config
  readonly log: Log
  readonly publicUrl: string
  readonly sealingKey: Uint8Array
}

interface Open {
  readonly handle: ProfileHandle
  readonly host?: ProfileHost
  readonly sql?: NodeSqlite
}

/** Refuses what is wrong with the environment's profile; any other that cannot be opened answers 503, and is logged. */
export async function openNodeProfiles(options: NodeProfilesOptions): Promise<NodeProfiles> {
  const { config, log, publicUrl, sealingKey, mappings, layers } = options
  const open = new Map<string, Open>()
  const timers = new Set<NodeJS.Timeout>()

  async function add(id: string, sql: NodeSqlite): Promise<ProfileHost> {
    migrate(sql, STORAGE)
    requireOwn(id, sql)
    const runtime = nodeRuntime({ config, profile: id, sql, log, sealingKey })
    const ofDefault = id === DEFAULT_PROFILE ? { layers } : {}
    const onDeleted = async () => drop(id)
    const host = await createProfileHost({
      id,
      config,
      runtime,
      publicUrl,
      mappings,
      onDeleted,
      directory: { open: openOne },
      ...ofDefault,
    })
    open.set(id, { handle: host, host, sql })
    return host
  }

  const openOne = async (id: string) => open.get(id)?.handle

  /** Nothing of it may run. */
  function drop(id: string): void {
    const { sql } = open.get(id) ?? {}
    open.delete(id)
    sql?.close()
    removeDatabase(config, id)
  }

  async function addStored(id: string): Promise<void> {
    let sql: NodeSqlite | undefined
    try {
      sql = openDatabase(config, { profile: id, isServing: open.size < MOST_CHECKPOINT_THREADS })
      await add(id, sql)
      // The process ended before it was one, and before anybody was told of it.
      if (findProfile(sql) === undefined) drop(id)
    } catch (error) {
      sql?.close()
      const { code, message, remedy } =
        error instanceof BridgeError ? error : { code: 'internal', message: String(error), remedy: undefined }
      log.error('profile-broken', { profile: id, code, message, remedy })
      open.set(id, { handle: brokenProfile({ error: code, message, remedy, prefix: prefixOf(publicUrl) }) })
    }
  }

  if (options.sql !== undefined) {
    const { sql } = options
    await add(DEFAULT_PROFILE, sql).catch((error: unknown) => {
      sql.close()
      throw error
    })
  }
  removeRemains(config)
  for (const id of storedProfiles(config)) await addStored(id)

  const hosts = () => [...open.values()].flatMap(({ host }) => host ?? [])
  return {
    host: (id) => open.get(id)?.host,
    list: async () => [...open.keys()],
    open: openOne,
    async create(id) {
      let sql: NodeSqlite | undefined
      try {
        sql = openDatabase(config, { profile: id, isServing: open.size < MOST_CHECKPOINT_THREADS })
        return await add(id, sql)
      } catch (error) {
        sql?.close()
        removeDatabase(config, id)
        throw error
      }
    },
    remove: async (id) => drop(id),
    async start() {
      await open.get(DEFAULT_PROFILE)?.host?.start()
      for (const [at, host] of hosts().entries()) {
        if (host.id === DEFAULT_PROFILE) continue
        const timer = setTimeout(() => {
          timers.delete(timer)
          // Unless it was deleted meanwhile.
          if (open.get(host.id)?.host === host) void host.start()
        }, at * APART_MS)
        timers.add(timer)
      }
    },
    async stop() {
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(hosts().map((host) => host.stop()))
    },
    close() {
      for (const { sql } of open.values()) sql?.close()
    },
  }
}
