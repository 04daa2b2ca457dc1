// Deletes what no reader can ask for any more, so that the file does not grow for ever.
import { deleteUnusedPieces } from './pieces.ts'
import { deleteEndedPins, type PinOptions, pinnedGenerations } from './pins.ts'
import { noteDeparted, pruneHistory } from './record-history.ts'
import { ALIVE, type CollectionStorage, quoteName } from './schema.ts'
import { currentSnapshot, deleteVersions } from './snapshots.ts'
import type { Sql } from './sql.ts'

export interface CleanUpOptions extends PinOptions {
  readonly tombstoneLifetimeMs: number
  /** Collections whose departed versions are remembered without their texts. */
  readonly remembered: ReadonlySet<string>
}

/**
 * Deletes what no reader can ask for any more, in short transactions: of the versions all but those that the current
 * generation or a pinned one sees.
 */
export function* cleanUp(
  sql: Sql,
  collections: readonly CollectionStorage[],
  options: CleanUpOptions,
  batch = 500,
): Generator<void> {
  yield* deleteEndedPins(sql, options, batch)
  // Before their versions, whose seqs may be given again.
  yield* deleteUnusedPieces(sql, () => keptGenerations(sql), batch)
  for (const { name } of collections) {
    while (deleteUnseen(sql, name, options, batch)) yield
  }
  const current = currentSnapshot(sql)
  if (current !== undefined) {
    const kept = JSON.stringify(keptGenerations(sql))
    sql.run(
      `delete from totals where generation < ? and generation not in (select value from json_each(?))`,
      current.generation,
      kept,
    )
  }
  yield* pruneHistory(sql, options.now() - options.tombstoneLifetimeMs)
}

/** Those that can be read, ascending; the last one is the current. */
function keptGenerations(sql: Sql): readonly number[] {
  const current = currentSnapshot(sql)?.generation
  if (current === undefined) return []
  return [...pinnedGenerations(sql).filter((generation) => generation < current), current]
}

/** One batch; false when there was none. A version that lived only between two kept generations is seen by neither. */
function deleteUnseen(sql: Sql, name: string, options: CleanUpOptions, batch: number): boolean {
  return sql.transaction(() => {
    let after = 0
    for (const kept of keptGenerations(sql)) {
      const seqs = sql.all<{ seq: number }>(
        `select seq from ${quoteName(`records_${name}`)} where died > ? and died <= ? and died < ${ALIVE} and born > ? limit ?`,
        after,
        kept,
        after,
        batch,
      )
      if (seqs.length > 0) {
        if (options.remembered.has(name)) noteDeparted(sql, name, JSON.stringify(seqs.map(({ seq }) => seq)))
        deleteVersions(sql, name, seqs)
        return true
      }
      after = kept
    }
    return false
  })
}
