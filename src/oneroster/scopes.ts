// The v1.1 scopes, and which of them open what.

const PREFIX = 'https://purl.imsglobal.org/spec/or/v1p1/scope/'

export type Scope = 'core' | 'roster' | 'demographics'

/** Scope → its URL, as consumers ask for it. */
export const V1P1_SCOPES: Readonly<Record<Scope, string>> = {
  core: `${PREFIX}roster-core.readonly`,
  roster: `${PREFIX}roster.readonly`,
  demographics: `${PREFIX}roster-demographics.readonly`,
}

/** What satisfies an operation: roster includes core; demographics are opened by nothing else. */
const SATISFIED_BY: Readonly<Record<Scope, readonly Scope[]>> = {
  core: ['core', 'roster'],
  roster: ['roster'],
  demographics: ['demographics'],
}

/** The scope URLs of which any one opens an operation that asks for `scope`. */
export function scopesFor(scope: Scope): readonly string[] {
  return SATISFIED_BY[scope].map((name) => V1P1_SCOPES[name])
}

/** Whether a token with these scope URLs may call an operation that asks for `scope`. */
export function isAllowed(granted: readonly string[], scope: Scope): boolean {
  return scopesFor(scope).some((url) => granted.includes(url))
}
