// Every rule of the readiness check: its severity, what it says, and what to do about it in PowerSchool or the mapping.
import type { Severity } from './report.ts'

interface RuleText {
  readonly severity: Severity
  /** A sentence about one record of the finding. */
  readonly what: string
  readonly remedy: string
}

const error = (what: string, remedy: string): RuleText => ({ severity: 'error', what, remedy })
const warning = (what: string, remedy: string): RuleText => ({ severity: 'warning', what, remedy })

/** By id, in the order of Microsoft's rules; § is the section of the collected facts about School Data Sync. */
export const RULES = {
  // §1.1: the five that every run reads; a run stops at an empty one.
  'collection-empty': error(
    'A collection without which School Data Sync does not run has no record.',
    'Check the settings SCHOOLS and SCHOOL_YEAR, and the counts of the last sync.',
  ),
  // §2.2, the fields marked R; SDS: "row(s) have missing data for the field".
  'field-missing': error(
    'A field that School Data Sync requires is blank.',
    'Fill the column in PowerSchool, or give the field a fall-back in the mapping: =first(column, other).',
  ),
  // §1.4: fields on which Microsoft's own collection of requests insists.
  'field-expected': warning(
    'A field that the test requests of School Data Sync insist on is blank.',
    'Fill the column in PowerSchool, or give the field a fall-back in the mapping.',
  ),
  // §2.2: required when SDS creates users.
  'name-missing': warning(
    'A part of the name is blank: School Data Sync cannot create this account.',
    'Enter the name in PowerSchool. It does not matter where School Data Sync creates no accounts.',
  ),
  // §2.2 and §2.8.
  'contact-incomplete': error(
    'A contact has no given name, no family name or no e-mail address.',
    'Complete the contact in PowerSchool, or have the mapping leave such contacts out with `where`.',
  ),
  // §2.3, SDS: InvalidOrMissingReferenceCode.
  'org-type-unknown': error(
    "An organization's type is not in School Data Sync's list (RefOrgType).",
    'Map it to school or district, or extend the list in School Data Sync.',
  ),
  'user-role-unknown': error(
    "A role is not in School Data Sync's list (RefRole).",
    'Map it to student, teacher, administrator or another role of the list.',
  ),
  'enrollment-role-unknown': error(
    "A role in a class is not in School Data Sync's list.",
    'Map it to student, teacher, aide or another role of the list.',
  ),
  'session-type-unknown': error(
    'The type of a session is not schoolYear, semester, term or gradingPeriod.',
    'Mend the table `term_type` of the mapping.',
  ),
  'grade-unknown': warning(
    "A grade is not in School Data Sync's list (RefGradeLevel), which drops it.",
    'Add the local code to the table `grade` of the mapping, or extend the list in School Data Sync.',
  ),
  'sex-unknown': warning(
    "A value of sex is not in School Data Sync's list, which drops it.",
    'Add the local code to the table `sex` of the mapping.',
  ),
  'subject-unknown': warning(
    "A subject is not in School Data Sync's list (RefAcademicSubject), which drops it.",
    'Map credit types to subjects by a table in a layer, or extend the list in School Data Sync.',
  ),
  'flag-unknown': warning(
    "`microsoft.userFlags` holds what is not in School Data Sync's list (RefPersonFlagType).",
    'Mend the table that makes the flags in your layer.',
  ),
  // §2.8: flags are for students only.
  'flag-of-others': warning(
    '`microsoft.userFlags` stands on a user who is not a student; School Data Sync ignores it.',
    'Have only the rule of students fill it.',
  ),
  // §2.1 unique id, §2.4 DuplicateTargetEntries, §2.6 one namespace User_<id>.
  'id-repeated': error(
    'Two records of the collection have the same sourcedId; School Data Sync keeps one.',
    'Give the rules of the mapping different beginnings of the id, such as "stu" and "stf".',
  ),
  // §2.5: known trouble with ids shorter than 3.
  'id-short': warning(
    'A sourcedId is shorter than 3 characters.',
    'Put a beginning in front of it in the mapping: id: ="stu" & id.',
  ),
  // §2.5, SDS: AzureActiveDirectoryInvalidPropertyValue (section); mailNickname at most 64.
  'class-id-form': error(
    "A class's sourcedId is not of letters and digits alone, or longer than 64; it becomes the group's mail alias.",
    'Make the id with alnum(…) in the mapping.',
  ),
  // §2.6: Microsoft's script for anchors takes the text between the first two underscores.
  'id-underscore': warning(
    "A user's sourcedId has an underscore, at which Microsoft's script that renews anchors cuts it.",
    'Make the id without underscores, before School Data Sync sees it for the first time.',
  ),
  // §2.7; DuplicateTargetEntries.
  'username-repeated': error(
    'Several users have the same username (case is ignored): they would match one account.',
    'Give each a username of its own in PowerSchool. Look first for one person who was entered twice.',
  ),
  'email-repeated': warning(
    'Several students or staff have the same e-mail address: matched by it, they would be one account.',
    'Correct the address in PowerSchool, or match by username in School Data Sync.',
  ),
  'identifier-repeated': warning(
    'Several students or staff have the same identifier: matched by it, they would be one account.',
    'Match by username or e-mail address, or choose another identifier by the settings `student_identifier` and `staff_identifier`.',
  ),
  // §2.7 and §1.4: "SDS adds second domain".
  'username-mixed': warning(
    'Some usernames of this group hold an @ and some do not, while School Data Sync appends a domain to all or to none.',
    'Make them alike by a setting in your layer: `usernames_without_domain: true`, or a suffix (`student_username_suffix`, `staff_username_suffix`).',
  ),
  // §2.5, Entra's userPrincipalName; SDS: UnsynchronizableChange.
  'username-form': warning(
    'A username holds a blank, a letter outside ASCII or a sign that a userPrincipalName refuses: it matches no account.',
    'Correct it in PowerSchool, or take the signs out in the mapping.',
  ),
  'username-long': warning(
    'A username is too long for a userPrincipalName (63 characters before the @, 47 after it, 113 in all).',
    'Shorten it in PowerSchool, or take another column in the mapping.',
  ),
  'username-dot': warning('A username begins with a dot, which a mail alias must not.', 'Correct it in PowerSchool.'),
  // §2.1 Email.
  'email-form': warning(
    'An e-mail address is not of the form of RFC 5322; School Data Sync drops it.',
    'Correct it in PowerSchool, or put email(…) around the column in the mapping, which leaves such addresses out.',
  ),
  // §2.8: the address is mandatory for contacts.
  'contact-email-form': error(
    "A contact's e-mail address is not of the form of RFC 5322; School Data Sync drops the contact.",
    'Correct it in PowerSchool, or put email(…) around the column in the mapping.',
  ),
  'email-case': warning(
    'An e-mail address has capitals; School Data Sync stores it in lower case, and other consumers compare it as it stands.',
    'Put lower(…) around the column in the mapping.',
  ),
  // §2.1 Phone.
  'phone-form': warning(
    'A telephone number is not of the form of E.164 (+ and the country code first); School Data Sync drops it.',
    'Put e164(…) around the column in the mapping, or enter the number with its area code in PowerSchool.',
  ),
  // §2.5 givenName about 64, displayName 256.
  'name-long': warning('A name is longer than 64 characters.', 'Shorten it in PowerSchool.'),
  'title-long': warning(
    'A title is longer than the 256 characters of a display name.',
    'Shorten it in PowerSchool, or take a shorter column in the mapping.',
  ),
  // §2.1: no line breaks inside values.
  'text-control': warning(
    'A text holds a line break, a tab or another control character.',
    'Correct it in PowerSchool, or take it out in the mapping.',
  ),
  // §2.8: contacts come in by the agents of students.
  'contact-unlinked': warning(
    'A contact stands in the agents of no student; School Data Sync makes no relationship of it.',
    'Check that `agents` of the rule of students refers to contacts.',
  ),
  'agent-role': warning(
    'A user who is an agent of a student has a role that is no relationship; School Data Sync tells it as `other`.',
    'Map the role to parent, guardian or relative.',
  ),
  // §2.1 Date/DateTime.
  'session-date-form': error(
    'A date of a session is not a calendar date written as 2026-08-15; School Data Sync drops the session.',
    'Correct the term in PowerSchool, or declare the column as a date in the mapping.',
  ),
  'date-form': warning(
    'A date is not a calendar date written as 2026-08-15; School Data Sync drops it.',
    'Correct it in PowerSchool, or declare the column as a date in the mapping.',
  ),
  // §2.9.
  'session-order': error('A session ends before it begins.', "Correct the term's days in PowerSchool."),
  'enrollment-order': warning(
    'An enrollment ends before it begins.',
    "Correct the enrollment's days in PowerSchool, or leave such enrollments out in the mapping.",
  ),
  // §1.4 and §2.9: the calendar year in which the school year ends.
  'school-year-form': error(
    'schoolYear is not a year of four digits.',
    'Take start_year + 1 of the term in the mapping: =text(start_year + 1).',
  ),
  'school-year-end': warning(
    'schoolYear is not the calendar year in which the school year ends; the records would go to another year.',
    'Take start_year + 1 of the term in the mapping, and check the days of the term in PowerSchool.',
  ),
  // §2.2 cross-reference rule; SDS: "referenced data not found in source", InvalidLookupReference.
  'reference-missing': error(
    'A record refers to one that is not delivered; School Data Sync drops the record.',
    'Find out why the other is left out: `bridge mapping explain` with its id.',
  ),
  'reference-dropped': warning(
    'A record refers to one that is not delivered; School Data Sync drops the reference.',
    'Find out why the other is left out: `bridge mapping explain` with its id.',
  ),
  // §7.10: "cannot remove last owner".
  'class-without-teacher': warning(
    'A class has no teacher: its team has no owner.',
    'Enter a teacher for the section in PowerSchool, or leave such sections out in the mapping.',
  ),
  'class-without-students': warning(
    'A class has no student.',
    'It does no harm before the year begins. Later, check the section in PowerSchool.',
  ),
  'student-without-class': warning(
    'A student is in no class: the account is made, and is in no team.',
    "Check the student's schedule in PowerSchool. It does no harm before the year begins.",
  ),
  // §2.10.
  'users-many': warning(
    'There are more than 50,000 users: a run of School Data Sync may take more than a day.',
    'Turn contacts off if nobody needs them, or tell School Data Sync a part of the schools with SCHOOLS.',
  ),
} as const satisfies Readonly<Record<string, RuleText>>

export type RuleId = keyof typeof RULES
