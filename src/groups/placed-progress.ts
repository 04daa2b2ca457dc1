// How far a group's sync has come after its members were merged, kept between two of its steps.
import type { ReadinessState } from '../readiness/readiness.ts'
import type { ReadinessReport } from '../readiness/report.ts'
import type { Sql } from '../store/sql.ts'
import { keepStageState, readStageState } from '../store/stage-state.ts'
import type { TableChanges } from '../sync/narrow-stage.ts'

/** By stage, in the order in which they follow each other. */
export type PlacedProgress =
  | {
      readonly stage: 'readiness'
      /** The place of the collection, and the sourcedId after which it goes on. */
      readonly collection: number
      readonly after: string
      readonly readiness: ReadinessState
    }
  | {
      readonly stage: 'rosters'
      readonly readiness: ReadinessReport
      /** Of the rosters that are done. */
      readonly narrowed: readonly TableChanges[]
    }

/** Whose progress it is. */
export interface ProgressOf {
  readonly sync: string
  readonly generation: number
}

/** To be raised when what is kept, or what it means, is no longer as another version of the bridge kept it. */
const FORMAT = 'group 1'

export function keepPlaced(sql: Sql, { sync, generation }: ProgressOf, progress: PlacedProgress): void {
  keepStageState(sql, { format: FORMAT, sync, generation, progress })
}

/** Undefined when there is nothing, or when it is of another sync or version. */
export function keptPlaced(sql: Sql, { sync, generation }: ProgressOf): PlacedProgress | undefined {
  // Written by the function above only.
  const kept = readStageState(sql) as Partial<ProgressOf & { format: string; progress: PlacedProgress }> | undefined
  return kept?.format === FORMAT && kept.sync === sync && kept.generation === generation ? kept.progress : undefined
}
