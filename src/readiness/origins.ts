// Adds to each finding where its field comes from: the line of the mapping and the columns it reads.
import type { Finding, FindingOrigin, ReadinessReport } from './report.ts'

/** What the check needs of the mapping; `FieldOrigin` of src/mapping/explain/origins.ts fits it. */
export interface KnownOrigin {
  readonly collection: string
  readonly field: string
  readonly place: { readonly file: string; readonly line: number }
  readonly text: string
  readonly columns: readonly string[]
}

/** By `users.student.email`, as `fieldOrigins` gives them. */
export type KnownOrigins = ReadonlyMap<string, KnownOrigin>

/** Where the rule of the mapping is not known, every rule that fills the field is told. */
export function withOrigins(report: ReadinessReport, origins: KnownOrigins): ReadinessReport {
  const findings = report.findings.map((finding) => {
    const found = originsOf(finding, origins)
    return found.length === 0 ? finding : { ...finding, origins: found }
  })
  return { ...report, findings }
}

function originsOf({ collection, field, mappingRule }: Finding, origins: KnownOrigins): FindingOrigin[] {
  if (field === undefined) return []
  const wanted = field === 'sourcedId' ? 'id' : field
  return [...origins].flatMap(([target, { collection: of, field: name, place, text, columns }]) => {
    if (of !== collection || name !== wanted) return []
    if (mappingRule !== undefined && target !== `${mappingRule}.${wanted}`) return []
    return [{ target, place: `${place.file}:${place.line}`, text, columns }]
  })
}
