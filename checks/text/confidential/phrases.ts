/**
 * How a marking must be used to count. `notice` also counts inside a sentence, `phrase` in capitals or on a
 * line of its own, `word` only as a marking by its place, `weak` only in capitals on a line of its own.
 */
export type MarkStrength = 'notice' | 'phrase' | 'word' | 'weak';

const list = (text: string): readonly string[] => text.split('|').map((one) => one.trim());

/** Markings in lower case, by strength. */
export const MARKINGS: Readonly<Record<MarkStrength, readonly string[]>> = {
  notice: list(
    'for internal use only|internal use only|not for external distribution|not for distribution outside|strictly private and confidential|private and confidential|privileged and confidential|attorney-client privileged|attorney client privileged|attorney work product|company confidential information|confidential and proprietary|proprietary and confidential|do not forward or distribute|nur für den internen gebrauch|nur für den dienstgebrauch|streng vertraulich|strictement confidentiel|diffusion restreinte|estrictamente confidencial|solo para uso interno|estritamente confidencial|apenas para uso interno|strettamente riservato|solo per uso interno|strikt vertrouwelijk|uitsluitend voor intern gebruik|ściśle tajne|tylko do użytku wewnętrznego|strängt konfidentiellt|endast för internt bruk|строго конфиденциально|для служебного пользования|только для внутреннего использования|对外保密|仅供内部使用',
  ),
  phrase: list(
    'strictly confidential|highly confidential|company confidential|commercial in confidence|client confidential|internal only|do not distribute|do not share|do not forward|not for distribution|not for release|not for publication|under embargo|trade secret|top secret|board only|eyes only|need to know|proprietary information|restricted distribution|limited distribution|subject to nda|under nda|non-disclosure agreement|intern vertraulich|vs-nfd|vs-vertraulich|nur intern|usage interne|secret professionnel|uso interno|uso interno exclusivo|alleen intern|intern gebruik|poufne|przísně důvěrné|salassa pidettävä',
  ),
  word: list(
    'confidential|proprietary|vertraulich|confidentiel|confidentielle|confidencial|riservato|confidenziale|vertrouwelijk|důvěrné|konfidentiellt|fortrolig|fortroligt|luottamuksellinen|bizalmas|confidențial|gizli|поверително|конфиденциально|конфіденційно|εμπιστευτικό|سري|סודי',
  ),
  weak: list(
    'secret|restricted|internal|private|sensitive|privileged|embargoed|geheim|intern|secreto|segreto|tajne|hemlig|секретно',
  ),
};

/** Markings in scripts without spaces; they count on a line of their own, in brackets or after a label. */
export const CJK_MARKINGS: readonly string[] = list(
  '機密|社外秘|極秘|取扱注意|部外秘|机密|绝密|秘密文件|内部资料|內部資料|内部使用|商业秘密|기밀|대외비|사내한|극비',
);

export type DocumentKind = 'contract' | 'curriculum-vitae' | 'salary-list' | 'financial-report';

/** Evidence for a kind of document. */
export interface Cue {
  readonly phrase: string;
  readonly kind: DocumentKind;
  readonly weight: number;
  /** Counts only at the beginning of a line. */
  readonly heading: boolean;
  /** Belongs to the evidence without which the kind is not named. */
  readonly key: boolean;
}

function cues(
  kind: DocumentKind,
  weight: number,
  phrases: string,
  flags: { heading?: boolean; key?: boolean } = {},
): readonly Cue[] {
  return list(phrases).map((phrase) => ({
    phrase,
    kind,
    weight,
    heading: flags.heading ?? false,
    key: flags.key ?? false,
  }));
}

export const CUES: readonly Cue[] = [
  ...cues(
    'contract',
    1.5,
    'whereas|hereinafter|hereto|in witness whereof|governing law|entire agreement|force majeure|severability|indemnify and hold|limitation of liability|by and between|the parties agree|counterparts|gerichtsstand|vertragsparteien|salvatorische klausel|vertragsgegenstand|droit applicable|entre les soussignés|ley aplicable|las partes acuerdan|legge applicabile|foro competente|toepasselijk recht|prawo właściwe|foro da comarca',
    { key: true },
  ),
  ...cues(
    'contract',
    1,
    'hereby|herein|thereof|hereunder|thereto|the parties|this agreement|indemnify|indemnification|licensor|licensee|lessor|lessee|arbitration|warranties|effective date|terminate this|breach of|written notice|shall not|intellectual property|assigns|jurisdiction|non-disclosure|clause|auftraggeber|auftragnehmer|kündigungsfrist|haftung|geschäftsbedingungen|vertragsstrafe|les parties|résiliation|prestataire|le présent contrat|las partes|cláusula|arrendador|arrendatario|rescisión|le parti|recesso|risoluzione|partijen|opzegging|as partes|rescisão',
  ),
  ...cues(
    'curriculum-vitae',
    1.5,
    'curriculum vitae|work experience|professional experience|employment history|work history|references available|lebenslauf|berufserfahrung|beruflicher werdegang|expérience professionnelle|expériences professionnelles|experiencia laboral|experiencia profesional|esperienza professionale|esperienze lavorative|werkervaring|doświadczenie zawodowe|experiência profissional|職務経歴|工作经历',
    { key: true },
  ),
  ...cues(
    'curriculum-vitae',
    1,
    'education|skills|languages|references|certifications|qualifications|internships|publications|hobbies|interests|objective|summary|profile|ausbildung|kenntnisse|sprachen|formation|compétences|langues|educación|formación|idiomas|istruzione|competenze|lingue|opleiding|vaardigheden|wykształcenie|umiejętności|educação',
    { heading: true },
  ),
  ...cues(
    'curriculum-vitae',
    0.7,
    'date of birth|nationality|marital status|bachelor of|master of|university|gpa|present|linkedin|driving licence|geburtsdatum|familienstand|staatsangehörigkeit|date de naissance|nacionalidad|universität|université|universidad|università|candidate',
  ),
  ...cues(
    'salary-list',
    1.5,
    'base salary|annual salary|gross salary|net salary|gross pay|net pay|payroll|salary band|compensation review|bruttogehalt|nettogehalt|gehaltsliste|lohnabrechnung|salaire brut|salaire net|bulletin de paie|salario bruto|nómina|stipendio lordo|brutoloon|wynagrodzenie brutto|salário bruto',
    { key: true },
  ),
  ...cues(
    'salary-list',
    1,
    'salary|bonus|employee id|employee|job title|merit increase|stock options|headcount|pay grade|gehalt|mitarbeiter|personalnummer|salaire|employé|salario|empleado|stipendio|dipendente|wynagrodzenie|salário|funcionário',
  ),
  ...cues(
    'financial-report',
    1.5,
    'unaudited|not yet published|prior to publication|before publication|pre-announcement|under embargo|embargoed until|preliminary results|preliminary figures|draft results|draft financial statements|quiet period|inside information|vorläufige zahlen|nicht veröffentlicht|non audité|sin auditar|non certificato',
    { key: true },
  ),
  ...cues(
    'financial-report',
    1,
    'ebitda|net income|operating income|operating profit|gross margin|balance sheet|cash flow|earnings per share|revenue|total assets|shareholders’ equity|shareholders equity|retained earnings|guidance|year-over-year|fiscal year|umsatz|jahresüberschuss|betriebsergebnis|bilanz|chiffre d’affaires|résultat net|ingresos|beneficio neto|ricavi|utile netto',
  ),
];

/** What a kind takes to be named: weight in all, and amounts of money where it is about money. */
export const DOCUMENTS: Readonly<
  Record<DocumentKind, { title: string; weight: number; amounts: number; keys: number }>
> = {
  contract: { title: 'a contract', weight: 6, amounts: 0, keys: 2 },
  'curriculum-vitae': { title: 'a curriculum vitae or candidate file', weight: 5.5, amounts: 0, keys: 1 },
  'salary-list': { title: 'a list of salaries', weight: 4, amounts: 3, keys: 1 },
  'financial-report': { title: 'financial figures before their publication', weight: 5, amounts: 3, keys: 1 },
};
