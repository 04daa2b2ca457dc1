// What School Data Sync would make of a group's merged records: read from the prepared generation, and gone on with in steps.
import { recordOfBody } from '../readiness/body.ts'
import { openReadiness } from '../readiness/readiness.ts'
import type { ReadinessReport } from '../readiness/report.ts'
import type { CollectionStorage } from '../store/schema.ts'
import type { Sql } from '../store/sql.ts'
import type { Pace } from '../sync/pace.ts'
import { bodiesOf } from './member-records.ts'
import type { PlacedProgress } from './placed-progress.ts'

type ReadinessProgress = Extract<PlacedProgress, { readonly stage: 'readiness' }>

export interface ReadinessWork {
  readonly sql: Sql
  /** Those that are referred to first, so that little has to be remembered of who refers to them. */
  readonly collections: readonly CollectionStorage[]
  readonly generation: number
  /** Where an earlier step has ended. */
  readonly from: ReadinessProgress | undefined
  readonly rest: Pace<PlacedProgress>['rest']
}

/** Records that are looked at without a break. */
const SEEN = 100

/** Of every active record of the generation. It remembers ids and hashes alone: some 20 bytes of a record. */
export async function checkReadiness({
  sql,
  collections,
  generation,
  from,
  rest,
}: ReadinessWork): Promise<ReadinessReport> {
  const readiness = openReadiness({}, from?.readiness)
  let after = from?.after ?? ''
  for (let collection = from?.collection ?? 0; collection < collections.length; ) {
    const storage = collections[collection]
    const bodies = storage === undefined ? [] : bodiesOf(sql, storage, { generation, after, limit: SEEN })
    for (const { body } of bodies) {
      // Written by the presenter: an object without its brace.
      if (storage !== undefined) readiness.see(recordOfBody(storage.name, JSON.parse(`{${body}`)))
    }
    after = bodies.at(-1)?.sourcedId ?? ''
    if (bodies.length < SEEN) {
      collection += 1
      after = ''
    }
    const place = { collection, after }
    await rest(() => ({ stage: 'readiness', ...place, readiness: readiness.state() }))
  }
  const steps = readiness.reportInSteps()
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    await rest()
  }
}
