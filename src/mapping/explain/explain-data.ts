// What an explanation is: plain data, for people's programs and for printing.
import type { Place } from '../diagnostic.ts'
import type { RemovedField } from './history.ts'

/** A value as JSON has it; blank is null, a reference is `{ collection, sourcedId }`. */
export type Shown = string | number | boolean | null | readonly Shown[] | { readonly [name: string]: Shown }

/** A row by its source and its key there. */
export interface RowName {
  readonly source: string
  readonly key: string | number
}

/** A formula, constant or form at work on one row. */
export interface ExplainedText {
  readonly place: Place
  /** On one line, as written. */
  readonly text: string
  readonly value: Shown
  /** What the word `inherited` stands for in it, nearest layer first. */
  readonly inherited?: readonly ExplainedText[]
  /** What it reads, each thing once, in the order of the text. */
  readonly inputs: readonly ExplainedInput[]
}

export interface ExplainedColumn {
  readonly kind: 'column'
  /** As the formula names it: `name.first_name`, `enrolled.section.school_id`. */
  readonly path: string
  readonly value: Shown
  /** The row, or the first rows, that the value stands in; none where a lookup on the way found nothing. */
  readonly rows: readonly RowName[]
  readonly rowCount: number
}

export interface ExplainedSetting {
  readonly kind: 'setting'
  readonly path: string
  readonly value: Shown
}

export interface ExplainedCode {
  readonly kind: 'table'
  readonly table: string
  readonly place: Place | undefined
  readonly code: Shown
  readonly value: Shown
  readonly isListed: boolean
}

export interface ExplainedToday {
  readonly kind: 'today'
  readonly value: Shown
}

export interface ExplainedLookup {
  readonly kind: 'lookup'
  /** As the formula names it: `school`, `enrolled.section`. */
  readonly name: string
  /** The rule that it belongs to. */
  readonly rule: string
  readonly place: Place
  readonly text: string
  readonly state: 'found' | 'missing' | 'out-of-scope' | 'cut'
  readonly found: number
  readonly rows: readonly RowName[]
  /** Of how many they were chosen by `where` and `take`. */
  readonly matched: number
  /** What it gives when it goes through a list of values and not of rows. */
  readonly value?: Shown
  /** What its `key` and `match` read. */
  readonly inputs: readonly ExplainedInput[]
  /** Where nothing is left: the first of those that `where` turned away, and why. */
  readonly rejected: readonly { readonly row?: RowName; readonly condition: ExplainedText }[]
  /** Where what it would find is not published: why. */
  readonly because: readonly Verdict[]
}

export interface ExplainedReference {
  readonly kind: 'reference'
  /** The rule, `orgs.school`. */
  readonly target: string
  readonly text: string
  /** The sourcedIds that it gives. */
  readonly found: readonly string[]
  readonly foundCount: number
  readonly because: readonly Verdict[]
}

/** A member of a list that an `each` goes through. */
export interface ExplainedItem {
  readonly kind: 'item'
  /** The name of the variable. */
  readonly path: string
  readonly value: Shown
  readonly result: Shown
  readonly inputs: readonly ExplainedInput[]
}

export type ExplainedInput =
  | ExplainedColumn
  | ExplainedSetting
  | ExplainedCode
  | ExplainedToday
  | ExplainedLookup
  | ExplainedReference
  | ExplainedItem

export interface ExplainedField extends ExplainedText {
  /** `email`, `metadata.x`. */
  readonly name: string
  readonly isRequired: boolean
  /** The value is that of the first publication; where `create_only` says so, and what the text gives now. */
  readonly kept?: { readonly place: Place; readonly now: Shown }
}

/** What a rule decides on a row. */
export interface Verdict {
  readonly rule: string
  readonly row: RowName
  /** The rows that a `one_per` makes one record of, when they are several. */
  readonly group?: readonly RowName[]
  readonly sourcedId: string | undefined
  readonly isPublished: boolean
  readonly reason?: Reason
}

export type Reason =
  /** A condition of `where` does not hold. */
  | {
      readonly kind: 'where'
      readonly condition: ExplainedText
      /** Of parts that are joined by `and`: those that do not hold. */
      readonly failing?: readonly string[]
    }
  /** A lookup without `missing: blank` found nothing, or a row that is not published. */
  | { readonly kind: 'lookup'; readonly lookup: ExplainedLookup }
  /** A required field, `id` or `one_per` is blank. */
  | { readonly kind: 'required'; readonly field: string; readonly value: ExplainedText }
  /** Another row has the id. */
  | { readonly kind: 'repeated'; readonly rule: string; readonly row: RowName }
  /** It waits for a row whose explanation this is a part of, or it is too deep. */
  | { readonly kind: 'ring' }

/** A rule that has no row for the record. */
export interface RuleNote {
  readonly rule: string
  /** `other-form`: the rule's ids look otherwise. */
  readonly state: 'no-row' | 'other-form' | 'not-read' | 'off' | 'removed'
  readonly source?: string
  /** How many rows were looked at. */
  readonly rowCount?: number
  /** The filter that the crawl asked PowerSchool with, and where the reader stands: other rows it has not seen. */
  readonly filter?: string
  readonly reader?: Place
  /** The setting that has to be true for the source to be read. */
  readonly when?: string
  /** The template that alone reads the source, and by which the last crawl did not read. */
  readonly needs?: 'powerquery'
  /** Where the rule is switched off or taken away; of another form, where its id is written, and how. */
  readonly place?: Place
  readonly text?: string
}

export interface ExplainedRecord {
  /** `users.teacher/40`, where a row was asked for. */
  readonly asked?: string
  readonly collection: string
  /** Undefined for a row that gives no id. */
  readonly sourcedId: string | undefined
  /** Whether the mapping publishes it; the snapshot may be older. */
  readonly isMapped: boolean
  /** Of the row that it is made of. */
  readonly record?: {
    readonly rule: string
    readonly row: RowName
    readonly where: readonly ExplainedText[]
    /** The one that was asked for, or all. */
    readonly fields: readonly ExplainedField[]
    /** Fields that a layer took away from the rule, of those that were asked for. */
    readonly removed: readonly RemovedField[]
  }
  /** Every row that gives this id, in the order of the rules. */
  readonly rows: readonly Verdict[]
  /** The rules of the collection that have none. */
  readonly rules: readonly RuleNote[]
  /** Where there is no row: rows that have what was written as the key in another column, of which no two rows have the same. */
  readonly elsewhere?: readonly Elsewhere[]
}

/** `400003` is no key of students, it is the `local_id` of one. */
export interface Elsewhere {
  readonly rule: string
  readonly value: string
  /** `local_id` */
  readonly column: string
  readonly row: RowName
  readonly keyColumn: string
  /** PowerSchool's name of the key, `STUDENTS.DCID`, where a PowerQuery tells it. */
  readonly keyPowerSchool?: string
}
