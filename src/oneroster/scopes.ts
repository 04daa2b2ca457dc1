// The scopes that operations ask for, in each version's own words. Which scope covers which is for whoever checks the token.
import type { Version } from './model.ts'

/** The least that opens an operation in v1.2; the whole service's scope covers its `-core`. */
export type Scope =
  | 'roster-core'
  | 'roster'
  | 'roster-demographics'
  | 'resource-core'
  | 'resource'
  | 'gradebook-core'
  | 'gradebook'
  | 'assessment'

/** What v1.1 asks for where it has no scope of that name. */
const IN_V1P1: Readonly<Partial<Record<Scope, Scope>>> = { 'resource-core': 'resource', 'gradebook-core': 'gradebook' }

/** The URL of the scope that reads, as consumers ask for it. */
export function scopeUrl(scope: Scope, version: Version): string {
  const name = version === 'v1p1' ? (IN_V1P1[scope] ?? scope) : scope
  return `https://purl.imsglobal.org/spec/or/${version}/scope/${name}.readonly`
}
