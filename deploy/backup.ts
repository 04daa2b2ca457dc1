// `node deploy/backup.ts FOLDER`: copies the databases of DATA_DIR into a new folder while the bridge runs; the key stays behind.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { reportFailure } from '../src/cli/output.ts'
import { BridgeError } from '../src/errors.ts'
import { RESTORED } from '../src/store/restored.ts'

/** Beside the first profile's database may be those of others, in a folder of their own. */
const PLACES = ['.', 'profiles']
/** What commands remember from run to run; it is small, and written whole. */
const NOTES = ['plugin.json']
/** In one step: a copy in several begins anew at each write of the bridge, and would not end during a sync. */
const ALL_PAGES = 2 ** 31 - 1

/**
 * Copies every database below `dataDir`, each as it is at one moment, and checks the copies. The folder appears under its
 * name when all is there; one that exists is refused, and so is a `dataDir` without a database (`store-failed`).
 * Answers what was copied, as paths below the folder.
 */
export async function backUp(dataDir: string, folder: string): Promise<string[]> {
  const databases = PLACES.flatMap((place) => namesIn(join(dataDir, place)).map((name) => join(place, name)))
  if (databases.length === 0) {
    throw new BridgeError('store-failed', `${dataDir} holds no database.`, {
      remedy: 'Set DATA_DIR to the folder that the bridge uses.',
    })
  }
  if (existsSync(folder)) {
    throw new BridgeError('store-failed', `${folder} is there already.`, {
      remedy: 'Name a folder that is not there yet; each backup makes its own.',
    })
  }
  const draft = `${folder}.part`
  rmSync(draft, { recursive: true, force: true })
  try {
    for (const database of databases) await copyDatabase(join(dataDir, database), join(draft, database))
    const notes = NOTES.filter((name) => existsSync(join(dataDir, name)))
    for (const name of notes) copyFileSync(join(dataDir, name), join(draft, name))
    renameSync(draft, folder)
    return [...databases, ...notes]
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true })
    if (cause instanceof BridgeError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new BridgeError('store-failed', `The backup into ${folder} was not made (${why.replace(/\.$/, '')}).`, {
      remedy: 'Look for room on the disk, and for the right to read DATA_DIR and to write there.',
      cause,
    })
  }
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).filter((name) => name.endsWith('.sqlite'))
}

async function copyDatabase(from: string, to: string): Promise<void> {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5_000 })
  try {
    await backup(source, to, { rate: ALL_PAGES })
  } finally {
    source.close()
  }
  chmodSync(to, 0o600)
  const copy = new DatabaseSync(to)
  try {
    // One file without a log beside it; the bridge turns the log on again when it opens the file.
    copy.exec('pragma journal_mode = delete')
    markCopy(copy)
    const [row] = copy.prepare('pragma quick_check').all()
    if (row?.quick_check === 'ok') return
  } finally {
    copy.close()
  }
  throw new BridgeError('store-failed', `The copy of ${from} is damaged.`, {
    remedy: 'Look for room on the disk, and whether the original passes `pragma quick_check`; then try again.',
  })
}

/** Whoever opens it goes back in time, and tells consumers everything once more. */
function markCopy(copy: DatabaseSync): void {
  if (copy.prepare(`select 1 from sqlite_schema where name = 'meta'`).get() === undefined) return
  copy.prepare(`insert or replace into meta (name, value) values (?, '')`).run(RESTORED)
}

async function main([folder, ...rest]: readonly string[]): Promise<number> {
  if (folder === undefined || folder.startsWith('-') || rest.length > 0) {
    process.stderr.write(
      'node deploy/backup.ts FOLDER\n\nDATA_DIR says what is copied; FOLDER must not be there yet.\n',
    )
    return 2
  }
  const copied = await backUp(process.env.DATA_DIR?.trim() || './data', folder)
  process.stdout.write(`${folder}: ${copied.join(', ')}\n`)
  return 0
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2)).catch(reportFailure)
