// Which paths of a profile are about itself, and not its bridge's.
import { INTERNAL } from './ports.ts'

export const PROFILE = '/admin/profile'
export const SYNCS = '/admin/syncs'

/** Called for every request. */
export function isHostPath(path: string, method: string): boolean {
  if (path.startsWith('/internal/')) return path === INTERNAL.profile || path === INTERNAL.summary
  if (!path.startsWith('/admin/')) return false
  return path === PROFILE || path.startsWith(`${PROFILE}/`) || (path === SYNCS && method === 'POST')
}
