// A profile's object goes back to an earlier state of its storage: what it does itself, before and after.
import { findProfile } from '../store/profile.ts'
import { markRestored } from '../store/restored.ts'
import { servedUntil } from '../store/served.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'

/** A moment (ms since 1970), or a state that the platform has named before. */
export type RestoreTarget = { readonly toMs: number } | { readonly bookmark: string }

export type RestorePoint =
  | {
      readonly ok: true
      readonly bookmark: string
      /** Until when the state that is given up may have been read (ms since 1970). */
      readonly servedMs: number
    }
  | RestoreRefusal

export type GoneBack = { readonly ok: true; readonly undo: string } | RestoreRefusal

interface RestoreRefusal {
  readonly ok: false
  readonly message: string
}

/** What is kept outside of the object meanwhile: it forgets itself that it was asked to. */
export interface RestoreNote {
  readonly id: string
  /** Written into the state that is given up: who still finds it has not gone back. */
  readonly ticket: string
  readonly servedMs: number
  /** The bookmark of the state that is given up, once it is known. */
  readonly undo: string | undefined
}

/** `not-made`: it has gone back to before there was anything in it. */
export type Restored = 'restored' | 'not-yet' | 'not-made'

/** What an object offers for it, each a call of its own. */
export interface RestorableStub {
  restorePoint(target: RestoreTarget): Promise<RestorePoint>
  /** Answers the bookmark of the state that is given up by the next `rewind`. */
  goBack(bookmark: string, ticket: string): Promise<GoneBack>
  /** Ends the object, which the next event makes anew; fails for that reason. */
  rewind(): Promise<void>
  /** To be followed by `rewind`: the object that is made then has everything told once more. */
  restored(note: RestoreNote): Promise<Restored>
}

export interface PastStorage {
  get<T>(key: string): Promise<T | undefined>
  put(key: string, value: unknown): Promise<void>
  getBookmarkForTime(ms: number): Promise<string>
  onNextSessionRestoreBookmark(bookmark: string): Promise<string>
}

const TICKET = 'restore-ticket'

/** Which state that is; refused with the platform's words where that does not reach so far. Changes nothing. */
export async function restorePoint(storage: PastStorage, sql: Sql, target: RestoreTarget): Promise<RestorePoint> {
  if (!isMade(sql)) return refused('There is nothing in it yet.')
  const record = findProfile(sql)
  if (record?.state === 'deleting') return refused('The profile is being deleted.')
  const servedMs = Math.max(servedUntil(sql), currentSnapshot(sql)?.timeMs ?? 0)
  if ('bookmark' in target) return { ok: true, bookmark: target.bookmark, servedMs }
  if (record !== undefined && target.toMs < record.createdMs) {
    return refused(`The profile was made later, at ${new Date(record.createdMs).toISOString()}.`)
  }
  try {
    return { ok: true, bookmark: await storage.getBookmarkForTime(target.toMs), servedMs }
  } catch (error) {
    return refused(wordsOf(error))
  }
}

/** From the next session on; the bookmark that it answers leads back to the present state. */
export async function goBack(storage: PastStorage, bookmark: string, ticket: string): Promise<GoneBack> {
  try {
    await storage.put(TICKET, ticket)
    return { ok: true, undo: await storage.onNextSessionRestoreBookmark(bookmark) }
  } catch (error) {
    return refused(wordsOf(error))
  }
}

/** In the state that it has gone back to. */
export async function noteRestored(storage: PastStorage, sql: Sql, note: RestoreNote): Promise<Restored> {
  if ((await storage.get<string>(TICKET)) === note.ticket) return 'not-yet'
  if (!isMade(sql)) return 'not-made'
  markRestored(sql, note.servedMs)
  return 'restored'
}

const isMade = (sql: Sql) => sql.all(`select 1 from sqlite_schema where type = 'table' and name = 'meta'`).length > 0

const refused = (message: string) => ({ ok: false, message }) as const

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
