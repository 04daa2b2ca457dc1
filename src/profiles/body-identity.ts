// The part of a profile's body that tells by what people sign in, and what it means in the mapping's settings.
import * as z from 'zod/mini'
import { nearestWord } from '../auth/nearest.ts'
import { domain, list, maybe, object, textOf, typeName } from './body-fields.ts'

const TYPES = [
  '#microsoft.graph.educationIdentityMatchingConfiguration',
  '#microsoft.graph.educationIdentityCreationConfiguration',
  '#microsoft.graph.identityMatchingConfiguration',
  '#microsoft.graph.identityCreationConfiguration',
]

type Role = 'student' | 'teacher'

/** What the mapping's settings call them. */
const SETTINGS_OF: Readonly<Record<Role, string>> = { student: 'student', teacher: 'staff' }

/** School Data Sync's properties of PowerSchool → what the mapping's settings call the same. */
const SOURCES: Readonly<Record<Role, Readonly<Record<string, string>>>> = {
  student: { Username: 'login', 'Student Number': 'number', 'Secondary Email': 'email', 'State ID': 'state_number' },
  teacher: { Username: 'login', 'Teacher Number': 'number', 'Secondary Email': 'email' },
}

/** What School Data Sync compares in Microsoft's directory → the field of OneRoster that it is compared with. */
const TARGETS: Readonly<Record<string, string>> = { userPrincipalName: 'username', mail: 'email' }

const appliesTo = textOf(
  (value) => Object.hasOwn(SETTINGS_OF, value),
  'is neither student nor teacher; teacher counts for all staff, and other staff have no rule of their own',
)

const matching = object({
  '@odata.type': z.optional(z.string('is not a text')),
  appliesTo,
  sourcePropertyName: z.string('is not a text'),
  targetPropertyName: textOf(
    (value) => Object.hasOwn(TARGETS, value),
    'is neither userPrincipalName nor mail: School Data Sync compares what a OneRoster provider gives with these alone',
  ),
  targetDomain: maybe(domain),
}).check((context) => {
  const { appliesTo: role, sourcePropertyName: source } = context.value
  const known = Object.keys(SOURCES[role as Role] ?? SOURCES.student)
  if (known.includes(source)) return
  const near = nearestWord(source, known, 3)
  const hint = near === undefined ? `is none of ${known.join(', ')}` : `is unknown; did you mean ${near}?`
  const message = `${hint} Other columns go by a layer in \`mapping\` that says \`username:\` or \`email:\``
  context.issues.push({ code: 'custom', message, input: source, path: ['sourcePropertyName'] })
})

const creation = object({ '@odata.type': z.optional(z.string('is not a text')), appliesTo, name: domain })

/** One domain, and one rule, for each role. */
const once = <T extends { readonly appliesTo: string; readonly targetPropertyName?: string }>(
  context: z.core.ParsePayload<T[]>,
) => {
  const seen = new Set<string>()
  context.value.forEach((rule, at) => {
    const name = `${rule.appliesTo} ${rule.targetPropertyName ?? ''}`
    if (seen.has(name)) {
      const message = `says again what is for ${rule.appliesTo}: keep one`
      context.issues.push({ code: 'custom', message, input: rule.appliesTo, path: [at, 'appliesTo'] })
    }
    seen.add(name)
  })
}

export const IDENTITY = object({
  '@odata.type': z.optional(typeName(TYPES, 'accounts are either matched or created')),
  matchingOptions: z.optional(list(matching).check(once)),
  userDomains: z.optional(list(creation).check(once)),
}).check((context) => {
  const { matchingOptions, userDomains } = context.value
  if ((matchingOptions === undefined) !== (userDomains === undefined)) return
  const message = 'holds matchingOptions (accounts are there) or userDomains (they are to be made), one of both'
  context.issues.push({ code: 'custom', message, input: context.value })
})

/** The settings of the mapping that say the same; see mappings/settings.yaml. */
export function identitySettings({ matchingOptions = [], userDomains = [] }: z.infer<typeof IDENTITY>) {
  const matched = matchingOptions.flatMap((rule) => {
    // Checked by the shapes above.
    const role = rule.appliesTo as Role
    const field = `${SETTINGS_OF[role]}_${TARGETS[rule.targetPropertyName]}`
    return [
      [field, SOURCES[role][rule.sourcePropertyName]],
      [`${field}_suffix`, rule.targetDomain ? `@${rule.targetDomain}` : ''],
    ] as const
  })
  const created = userDomains.map(
    ({ appliesTo: role, name }) => [`${SETTINGS_OF[role as Role]}_username_suffix`, `@${name}`] as const,
  )
  return Object.fromEntries([...matched, ...created]) as Readonly<Record<string, string>>
}
