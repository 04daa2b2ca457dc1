// The full name under which a PowerQuery of the plugin is installed and asked for.
import { shortDigest } from '../digest.ts'

interface NamedText {
  /** `students`, `students_keys` */
  readonly name: string
  readonly sql: string
  readonly columns: readonly { readonly alias: string }[]
}

/**
 * `org.oneroster_bridge.sis.roster.students_1x2y3z`: its last part ends in a digest of what the query delivers. PowerSchool
 * leaves out what is null, so that an older plugin's answer could not be told from one in which everybody's new column is
 * blank; so a query that has changed has another name, and an older plugin answers 404 (facts 5.3).
 */
export function queryName(prefix: string, { name, sql, columns }: NamedText): string {
  return `${prefix}.${name}_${shortDigest(JSON.stringify([sql, columns.map(({ alias }) => alias)]))}`
}
