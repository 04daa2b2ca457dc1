// Where the admin API of a profile is, for links.
import { DEFAULT_PROFILE, findProfile } from '../store/profile.ts'
import type { Sql } from '../store/sql.ts'

/** Without a trailing slash. */
export function adminRoot({ sql, publicUrl }: { readonly sql: Sql; readonly publicUrl: string }): string {
  const id = findProfile(sql)?.id ?? DEFAULT_PROFILE
  return `${publicUrl}/admin${id === DEFAULT_PROFILE ? '' : `/profiles/${id}`}`
}
