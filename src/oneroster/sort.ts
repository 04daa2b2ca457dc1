// The order of a list: by any field, in code point order, missing values last, and always total.

import { metadataPath } from './filter-sql.ts'
import { type Fragment, fragment } from './fragment.ts'
import type { Entity, Version } from './model.ts'
import { columnSql, type Operand, operandOf } from './operand.ts'

export interface Sort {
  /** The path asked for, or sourcedId. */
  readonly field: string
  readonly direction: 'asc' | 'desc'
  /** What is sorted by, spoken of `r`. A list sorts by its first element. */
  readonly expression: Fragment
  /** Whether a record may lack it. */
  readonly mayBeMissing: boolean
}

export const DEFAULT_SORT: Sort = {
  field: 'sourcedId',
  direction: 'asc',
  expression: fragment('r."sourcedId"'),
  mayBeMissing: false,
}

/** The sort by a field path, or nothing when the version has no such field. */
export function sortBy(
  field: string,
  direction: 'asc' | 'desc',
  { entity, version }: { readonly entity: Entity; readonly version: Version },
): Sort | undefined {
  const operand = operandOf(entity, field, version)
  if (operand === undefined) return undefined
  const mayBeMissing = !(operand.kind === 'generation' || (operand.kind === 'column' && operand.isAlwaysThere))
  return { field, direction, expression: expressionOf(operand), mayBeMissing }
}

function expressionOf(operand: Operand): Fragment {
  switch (operand.kind) {
    case 'column':
      return fragment(columnSql(operand))
    case 'generation':
      return fragment('r.born')
    case 'links':
      return fragment(`json_extract('{' || r.body, '$.${operand.field}[0].sourcedId')`)
    case 'elements': {
      const member = operand.member === undefined ? '' : `.${operand.member}`
      return fragment(`json_extract('{' || r.${operand.text}, '$.${operand.field}[0]${member}')`)
    }
    case 'metadata':
      return fragment(`json_extract('{' || r.body, ?)`, metadataPath(operand.key))
    case 'absent':
      return fragment('null')
    default:
      return operand satisfies never
  }
}
