// The one org above all members of a group, and how their own top orgs hang below it.
import { createPresenters } from '../oneroster/present.ts'
import { STORAGE } from '../oneroster/storage.ts'
import type { StoredRecord } from '../store/snapshot-writer.ts'

/** As the group's settings name it. */
export interface GroupOrg {
  readonly name: string
  readonly identifier?: string | undefined
}

/** An org of a member that has none above it, and the type that the member gives it. */
export interface TopOrg {
  readonly sourcedId: string
  readonly type: string
}

/** By the rule of the default mapping (letters and digits of the number), so that a district that is parted keeps its id. */
export function orgIdOf({ identifier = '' }: GroupOrg): string {
  const code = identifier.replace(/[^A-Za-z0-9]/g, '')
  return code === '' ? 'district' : `dist${code}`
}

/**
 * What a member's top org is below a district. A district stands below none; a department does, and may be a set of schools
 * (OneRoster 1.1, OrgType). What stands above districts (local, state, national) has no place below one.
 */
const BELOW: Readonly<Record<string, string>> = { district: 'department', department: 'department', school: 'school' }

export const mayHang = ({ type }: TopOrg): boolean => Object.hasOwn(BELOW, type)

const columns = STORAGE.find(({ name }) => name === 'orgs')?.columns ?? []
const TYPE = columns.findIndex(({ name }) => name === 'type')
const PARENT = columns.findIndex(({ name }) => name === 'parent')

/** Undefined for an org that has one above it. Of a record as the member has it. */
export function topOf({ sourcedId, columns: values }: StoredRecord): TopOrg | undefined {
  const type = values[TYPE]
  return values[PARENT] === null ? { sourcedId, type: typeof type === 'string' ? type : '' } : undefined
}

/** The record of a member's top org, below that org or, without one, as the member has it. */
export function hung(top: TopOrg, body: string, org: string | undefined): StoredRecord {
  // Written by the presenter: an object without its brace. A reference is read by its sourcedId alone.
  const { sourcedId, metadata, parent: _, ...fields } = JSON.parse(`{${body}`) as Written
  const isBelow = org !== undefined && mayHang(top)
  return present({
    sourcedId,
    metadata,
    fields: {
      ...fields,
      type: isBelow ? BELOW[top.type] : top.type,
      ...(isBelow ? { parent: { sourcedId: org } } : {}),
    },
  })
}

interface Written {
  readonly sourcedId: string
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/** The org itself, with those below it that may be. */
export function districtOrg(org: GroupOrg, tops: readonly TopOrg[]): StoredRecord {
  const children = tops.filter(mayHang).map(({ sourcedId }) => sourcedId)
  return present({
    sourcedId: orgIdOf(org),
    fields: {
      name: org.name,
      type: 'district',
      // Every org has one; that of a district without a number is the default mapping's.
      identifier: org.identifier ?? 'district',
      children: children.sort().map((sourcedId) => ({ sourcedId })),
    },
  })
}

function present(record: Parameters<ReturnType<typeof createPresenters>['orgs']>[0]): StoredRecord {
  return { sourcedId: record.sourcedId, ...createPresenters().orgs(record) }
}
