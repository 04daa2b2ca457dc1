// What is to be done with each field of a collection, so that it is read once.
import { type Check, FIELD_CHECKS } from './field-checks.ts'
import { LINKS, type Link } from './links.ts'
import type { ReadinessRecord } from './report.ts'

export interface FieldPlan {
  readonly read: (record: ReadinessRecord) => unknown
  readonly ofBlank: readonly Check[]
  readonly ofText: readonly (Check & { readonly fails: NonNullable<Check['fails']> })[]
  readonly link: Link | undefined
}

/** Collection → its fields. */
export const PLANS: ReadonlyMap<string, readonly FieldPlan[]> = compilePlans()

function compilePlans(): ReadonlyMap<string, readonly FieldPlan[]> {
  const places = [...FIELD_CHECKS, ...LINKS].map(({ fault }) => fault)
  return new Map(
    [...Map.groupBy(places, ({ collection }) => collection)].map(([collection, ofCollection]) => {
      const fields = new Set(ofCollection.map(({ field }) => field))
      return [collection, [...fields].map((field) => planOf(collection, field))]
    }),
  )
}

function planOf(collection: string, field: string): FieldPlan {
  const isHere = ({ fault }: Pick<Check, 'fault'>) => fault.collection === collection && fault.field === field
  const checks = FIELD_CHECKS.filter(isHere)
  return {
    read: readerOf(field),
    ofBlank: checks.filter(({ fails }) => fails === undefined),
    ofText: checks.flatMap((check) => (check.fails === undefined ? [] : [{ ...check, fails: check.fails }])),
    link: LINKS.find(isHere),
  }
}

function readerOf(field: string): (record: ReadinessRecord) => unknown {
  const [, name] = /^metadata\.(.*)$/.exec(field) ?? []
  if (name !== undefined) return ({ metadata }) => metadata?.[name]
  return field === 'sourcedId' ? ({ sourcedId }) => sourcedId : ({ fields }) => fields[field]
}
