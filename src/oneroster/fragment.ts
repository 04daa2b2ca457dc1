// A piece of SQL with its parameters, and how pieces are joined.
import type { SqlValue } from '../store/sql.ts'

export interface Fragment {
  /** Speaks of the record as `r`; its `?`s are answered by `parameters`, in order. Never holds input. */
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

export function fragment(sql: string, ...parameters: readonly SqlValue[]): Fragment {
  return { sql, parameters }
}

/** All of them; of none, a condition that always holds. */
export function allOf(parts: readonly Fragment[]): Fragment {
  return parts.length === 0 ? fragment('1') : join(parts, ' and ')
}

/** Any of them, in brackets, so that no alternative escapes what is added around it. */
export function anyOf(parts: readonly Fragment[]): Fragment {
  return parts.length === 0 ? fragment('0') : join(parts, ' or ')
}

function join(parts: readonly Fragment[], operator: string): Fragment {
  return {
    sql: `(${parts.map(({ sql }) => sql).join(operator)})`,
    parameters: parts.flatMap(({ parameters }) => parameters),
  }
}
