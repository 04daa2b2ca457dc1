// The files of the bridge on Node: the profiles' databases, and the key that is kept beside them.
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SEALING_KEY_BYTES } from '../auth/sealing.ts'
import type { Config } from '../config.ts'
import { BridgeError } from '../errors.ts'
import { isProfileId } from '../profiles/ids.ts'
import { type NodeSqlite, openNodeSqlite } from '../store/node-sqlite.ts'
import { DEFAULT_PROFILE } from '../store/profile.ts'

/** Where to look for it. */
type Place = Pick<Config, 'dataDir'>

export interface OpenDatabaseOptions {
  readonly profile?: string | undefined
  /** What is written is moved into the file beside the readers, who would wait for the disk otherwise; costs a thread. */
  readonly isServing?: boolean
}

const EXTENSION = '.sqlite'
/** What SQLite keeps beside a database. */
const BESIDE = ['', '-wal', '-shm', '-journal']
const REMAINS = /^(p[a-z2-7]{16}\.sqlite)-(?:wal|shm|journal)$/
/** It holds children's data. */
const OWNERS_ALONE = 0o700

/** `DATA_DIR/default.sqlite` for the environment's profile, `DATA_DIR/profiles/ID.sqlite` for others; made when it is not there. */
export function openDatabase(
  place: Place,
  { profile = DEFAULT_PROFILE, isServing = false }: OpenDatabaseOptions = {},
): NodeSqlite {
  mkdirSync(place.dataDir, { recursive: true, mode: OWNERS_ALONE })
  if (profile !== DEFAULT_PROFILE) mkdirSync(profilesFolder(place), { recursive: true, mode: OWNERS_ALONE })
  const path = databasePath(place, profile)
  try {
    return openNodeSqlite(path, { hasCheckpointThread: isServing })
  } catch (cause) {
    // What SQLite says of the file, and not of a statement.
    if (!(cause instanceof Error && 'errcode' in cause)) throw cause
    throw new BridgeError('store-failed', `${path} cannot be opened as a database (${cause.message}).`, {
      remedy: 'Let it belong to the user that runs the bridge; a damaged one is restored from a backup, or moved away.',
      cause,
    })
  }
}

export function hasDatabase(place: Place, profile = DEFAULT_PROFILE): boolean {
  return existsSync(databasePath(place, profile))
}

/**
 * Removes a closed database with all that belongs to it; the database first, so that what is left of it when the process ends
 * in between opens nothing, see `removeRemains`.
 */
export function removeDatabase(place: Place, profile: string): void {
  for (const end of BESIDE) rmSync(`${databasePath(place, profile)}${end}`, { force: true })
}

/** Removes what a removal that was cut short has left: it holds children's data. Nobody may be opening databases there. */
export function removeRemains(place: Place): void {
  const folder = profilesFolder(place)
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const [, database] = REMAINS.exec(name) ?? []
    if (database !== undefined && !existsSync(join(folder, database))) rmSync(join(folder, name), { force: true })
  }
}

/** The profiles that have a database, besides the environment's; the oldest first. */
export function storedProfiles(place: Place): readonly string[] {
  const folder = profilesFolder(place)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION) && isProfileId(name.slice(0, -EXTENSION.length)))
    .map((name) => ({ id: name.slice(0, -EXTENSION.length), madeMs: statSync(join(folder, name)).birthtimeMs }))
    .sort((a, b) => a.madeMs - b.madeMs || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id)
}

const profilesFolder = ({ dataDir }: Place) => join(dataDir, 'profiles')

const databasePath = (place: Place, profile: string) =>
  profile === DEFAULT_PROFILE
    ? join(place.dataDir, `${profile}${EXTENSION}`)
    : join(profilesFolder(place), `${profile}${EXTENSION}`)

/**
 * The key of which those of all profiles are made, that seal secrets and sign access tokens: `DATA_DIR/sealing.key` (base64;
 * only its owner may read it), made on first use. It is no part of the database, so that a copy of that alone reveals no
 * secret and opens nothing. Refuses with `store-failed`.
 */
export function openSealingKey({ dataDir }: Place): Uint8Array {
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
  mkdirSync(dirname(path), { recursive: true, mode: OWNERS_ALONE })
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
