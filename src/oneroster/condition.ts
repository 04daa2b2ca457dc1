// Joins everything that decides whether a record belongs in an answer: path, subtype, filter and default visibility.

import type { ResolvedFilter } from './filter-resolve.ts'
import { filterSql } from './filter-sql.ts'
import { allOf, type Fragment, fragment } from './fragment.ts'
import type { PathParameters, Place } from './nested-sql.ts'
import type { StoredOperation } from './operations.ts'

export interface Asked {
  readonly operation: StoredOperation
  readonly parameters: PathParameters
  readonly place: Place
  readonly filter?: ResolvedFilter | undefined
}

/**
 * The condition on `r`; that `r` itself belongs to the generation is the reader's. A list shows active records only, unless
 * its filter mentions status or dateLastModified; a single read finds tombstones. At most 70 parameters.
 */
export function conditionOf({ operation, parameters, place, filter }: Asked): Fragment {
  const parts: Fragment[] = []
  if (operation.isSingle) parts.push(fragment('r.sourcedId = ?', parameters.id ?? ''))
  else if (!filter || filter.mentions.size === 0) parts.push(fragment("r.status = 'active'"))
  for (const condition of [operation.subtype, operation.nested]) {
    if (condition) parts.push(condition(parameters, place))
  }
  if (filter) parts.push(filterSql(filter, place.table(operation.entity)))
  return allOf(parts)
}
