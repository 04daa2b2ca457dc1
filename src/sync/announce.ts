// The record of a sync that is to be looked up before it runs.
import { type SyncRecord, saveSync } from '../store/syncs.ts'
import type { PublishContext } from './context.ts'

/** The record of a sync that begins, or soon will: whoever asked for it can look it up at once. */
export function announceSync({ sql, now }: Pick<PublishContext, 'sql' | 'now'>, id: string): SyncRecord {
  const nothing = { finishedMs: undefined, progress: undefined, report: undefined, error: undefined }
  const record: SyncRecord = { id, status: 'inProgress', startedMs: now(), stage: 'crawl', ...nothing }
  saveSync(sql, record)
  return record
}
