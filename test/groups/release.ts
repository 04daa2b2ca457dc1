// A person releases what a sync of a group holds, or keeps.
import { ADMIN_TOKEN } from '../support/known.ts'
import type { TestGroup } from './group.ts'

export async function release(
  { app }: Pick<TestGroup, 'app'>,
  sync: string,
): Promise<{ readonly status: number; readonly json: Record<string, unknown> }> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const answer = await app.request(`/admin/syncs/${sync}/resume`, { method: 'POST', headers })
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
}
