// What the readiness check reads and what it gives: records, findings and the report.
import type { RuleId } from './rules.ts'

/** `error`: School Data Sync drops the record. `warning`: it drops the value, or matching and classes suffer. */
export type Severity = 'error' | 'warning'

/** An active record. What the mapping made fits, and so does a published body by `recordOfBody`. */
export interface ReadinessRecord {
  readonly collection: string
  /** Of the mapping, `users.student`; not known of a published body. */
  readonly rule?: string
  readonly sourcedId: string
  /** References are objects with a `sourcedId`, lists are arrays; a blank field is absent, null, empty text or empty list. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

/** Where a finding's field comes from in the mapping. */
export interface FindingOrigin {
  /** `users.student.email` */
  readonly target: string
  /** `mappings/users.yaml:41` */
  readonly place: string
  readonly text: string
  /** `students.contact_info.email` */
  readonly columns: readonly string[]
}

/** Never a value of a record, but for its sourcedId. */
export interface Finding {
  readonly rule: RuleId
  readonly severity: Severity
  readonly collection: string
  /** `sourcedId` for the id, `metadata.x` for a metadata field; absent when the whole collection is meant. */
  readonly field?: string
  /** `users.student`, where every record of the finding is of that rule. */
  readonly mappingRule?: string
  /** Records; 1 where the whole collection is meant. */
  readonly count: number
  /** The sourcedIds of the first of them. */
  readonly keys: readonly string[]
  readonly what: string
  readonly remedy: string
  /** Added by `withOrigins`. */
  readonly origins?: readonly FindingOrigin[]
}

export interface ReadinessReport {
  /** Records seen, by collection. */
  readonly records: Readonly<Record<string, number>>
  /** Errors first, then by count. */
  readonly findings: readonly Finding[]
  /** Counts of the findings of that severity, summed; a record may be in several. */
  readonly errors: number
  readonly warnings: number
  /** There are no errors. */
  readonly isReady: boolean
}
