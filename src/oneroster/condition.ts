// Joins everything that decides whether a record belongs in an answer: path, subtype, filter and default visibility.

import type { ResolvedFilter } from './filter-resolve.ts'
import { filterSql } from './filter-sql.ts'
import { allOf, type Fragment, fragment } from './fragment.ts'
import type { PathParameters } from './nested-sql.ts'
import type { Operation } from './operations.ts'

export interface Asked {
  readonly operation: Operation
  readonly parameters: PathParameters
  readonly generation: number
  readonly filter?: ResolvedFilter | undefined
}

/**
 * The condition on `r`; that `r` itself belongs to the generation is the reader's. A list shows active records only, unless
 * its filter mentions status or dateLastModified; a single read finds tombstones. At most 70 parameters.
 */
export function conditionOf({ operation, parameters, generation, filter }: Asked): Fragment {
  const parts: Fragment[] = []
  if (operation.isSingle) parts.push(fragment('r.sourcedId = ?', parameters.id ?? ''))
  else if (!filter || filter.mentions.size === 0) parts.push(fragment("r.status = 'active'"))
  for (const condition of [operation.subtype, operation.nested]) {
    if (condition) parts.push(condition(parameters, generation))
  }
  if (filter) parts.push(filterSql(filter))
  return allOf(parts)
}
