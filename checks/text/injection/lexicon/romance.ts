import type { Lexicon } from './concepts.ts';

export const fr: Lexicon = {
  override:
    'ignore|ignorez|ignorer|oublie|oubliez|oublier|neglige|ne tiens pas compte|ne tiens plus compte|ne tenez plus compte|ne tenez pas compte|fais abstraction|faites abstraction|contourne|contournez|outrepasse*|passe outre|passez outre|ne suis plus|ne suis pas|ne respecte pas|n obeis plus|fais fi|remplace toutes',
  weaken:
    'abandonne|abandonnez|supprime|desactive*|efface|effacez|annule|annulez|leve|arrete|arretez|laisse tomber|mets de cote|mettez de cote|coupe|viole|ne s applique*|ne comptent plus|ne valent plus|annulees|annules|suspendu*|balance|jette',
  instructions:
    'instruction*|consigne*|regle|regles|directive*|restriction*|limite|limites|contrainte*|ordres|filtre*|politique*|prompt|reglement|tache|role|garde fous|ce qu on t a dit|message systeme',
  prior:
    'precedent*|anterieur*|ci dessus|plus haut|initial*|d origine|avant|jusqu ici|jusqu a present|habituel*|en cours|d avant',
  yours: 'tes|ton|ta|vos|votre|qu on t a|developpeurs',
  all: 'toutes|tous|tout|toute|chaque|entier*',
  reveal:
    'montre*|affiche*|revele*|donne|donnez|donne moi|repete*|imprime|ecris|ecrivez|dis|dis moi|dites|recopie*|copie|traduis|recite|quel est|quelles sont|quels sont|quelle est|cite|divulgue*|liste|partage|lis|balance|enumere|epelle',
  prompt:
    'prompt systeme|message systeme|invite systeme|instructions systeme|tes instructions|vos instructions|tes consignes|vos consignes|tes regles|vos regles|ton prompt|votre prompt|instructions internes|regles internes|consignes internes|instructions cachees|consignes cachees|instructions secretes|consignes secretes|instructions initiales|ta configuration|ce qu on t a dit|ce qu on t a demande',
  hidden:
    'secret|secrete|secrets|secretes|cache*|interne*|confidentiel*|que tu connais|que tu gardes|tu ne dois pas|interdit*',
  secret:
    'mot de passe|mots de passe|code d acces|code secret|code promo|codes promo|cle api|identifiants|code de la porte|code|code de reduction|cle',
  fromNow: 'desormais|a partir de maintenant|dorenavant|des maintenant|a compter de maintenant|pour la suite',
  role: 'tu es|vous etes|agis comme|agis en tant|comporte toi|fais semblant|fais comme si|imagine que tu|joue le role|jouez le role|incarne|deviens|reponds comme|tu deviens|tu joues',
  unbound:
    'sans restriction*|sans aucune restriction|sans limite*|sans aucune limite|sans filtre*|sans aucun filtre|sans regle*|sans aucune regle|sans censure|sans morale|aucune regle|aucune limite|aucun filtre|aucune restriction|pas de regles|plus de regles|plus aucune regle|plus aucune limite|non censure*|debride*|mode developpeur|mode debug|mode maintenance|tout est permis|libre de toute|affranchi*',
  noRefusal:
    'ne refuse jamais|ne refuse rien|sans jamais refuser|sans avertissement*|sans mise en garde|pas d avertissement|reponds a tout|repond a tout|repond a toutes|sans discuter|obeis moi|tu dois obeir|sans hesiter|sans excuses',
  newTask:
    'nouvelles instructions|nouvelle instruction|nouvelles regles|nouvelle consigne|nouvelles consignes|nouvelle tache|vraie tache|vrai travail|nouvel ordre|nouveaux ordres|ces instructions|fais plutot ceci|uniquement le texte',
  machine: 'ia|assistant*|chatbot*|bot|robot|modele de langage|modele|agent|intelligence artificielle',
  must: 'doit|dois|devez|doivent|merci de|prie de|veuillez|faut|devra|s il te plait|s il vous plait',
  conceal:
    'ne dis rien|ne le dis|ne mentionne*|sans le dire|sans mentionner|sans en parler|discretement|en secret|secretement|sans prevenir|sans demander|sans confirmation|a l insu|n informe*|silencieusement',
  act: 'envoie|envoyez|envoyer|transfere*|transmets|vire|approuve*|valide*|supprime|reponds|repondez|ecris|recommande*|note|evalue|exporte|publie|ajoute|telecharge|paie|rembourse|accorde*|marque|insere|classe|attribue*',
  data: 'liste des clients|liste de clients|donnees clients|conversation|historique|contacts|fichiers|base de donnees|mots de passe|argent|compte|boite mail|dossiers|iban|salaires',
  others:
    'autres utilisateurs|autre utilisateur|dernier utilisateur|utilisateur precedent|autres clients|autre client|dernier client|client precedent|client d avant|autres patients',
  mention:
    'par exemple|attaque*|attaquant*|article|explique*|signifie|veut dire|phishing|hameconnage|exemple|formation|phrase',
  above:
    'tout ce qui precede|le texte ci dessus|texte ci dessus|tout ce qui est au dessus|avant ce message|avant mon message|debut de la conversation|debut de cette conversation',
  verbatim: 'mot pour mot|mot a mot|textuellement|integralement|tel quel|a l envers|en entier|in extenso',
  not: 'ne|pas|jamais|n',
  asking: 'comment|pourquoi|dois je|puis je|qui|si je|je|il|on',
  address:
    'chere ia|a l ia|pour l ia|a l attention de l ia|note a l ia|note pour l ia|message a l ia|si tu es une ia|si vous etes une ia|a l assistant|pour l assistant|l ia|l assistant|assistant ia|le chatbot|ia|assistant|le robot|robot',
  mine: 'mon|ma|mes|notre|nos|son|ses|leur|leurs|sa',
  instead: 'a la place|plutot|au lieu',
  authority: 'administrateur|admin|developpeur|service informatique|direction|equipe de securite',
  order:
    'utilisateur|utilisatrice|ta reponse|votre reponse|ton resume|votre resume|avant de|lorsque tu|quand tu',
  shift:
    'arrete d etre|cesse d etre|tu n es plus|ta nouvelle|ton nouveau|ta seule|ta vraie|mamie|grand mere|reponds uniquement|reponds seulement',
};

export const es: Lexicon = {
  override:
    'ignora|ignore|ignoren|ignorad|ignorar|olvida|olvide|olvidad|olvidate|olvidar|omite|omita|desobedece|haz caso omiso|haga caso omiso|no hagas caso|no sigas|pasa por alto|pasate|saltate|salta|sobrescribe|evade|elude|pasa de',
  weaken:
    'abandona|borra|elimina|desactiva*|anula|cancela|suspende|rompe|quita|deja de|descarta|deja|apaga|no valen|ya no valen|no aplican|no se aplican|ya no rigen|quedan anuladas|anuladas|sin efecto|a un lado',
  instructions:
    'instruccion*|regla|reglas|directriz|directrices|norma|normas|restriccion*|limitacion*|limites|ordenes|filtro|filtros|politica*|indicacion*|prompt|consigna*|lo que te dijeron|lo que te han dicho|tarea|rol|mensaje del sistema',
  prior:
    'anterior|anteriores|previa|previas|previo|previos|de arriba|arriba|original*|inicial*|antes|hasta ahora|habitual*|actual',
  yours: 'tus|tu|sus|que te dieron|que te han dado|desarrollador*|programador*',
  all: 'todas|todos|todo|toda|cualquier|cada|por completo',
  reveal:
    'muestra*|muestrame|ensena*|revela*|di|dime|diga|dame|deme|repite*|imprime|escribe*|copia|traduce|cual es|cuales son|cita|recita|lista|comparte|cuentame|cuenta|suelta|lee|transcribe|pasame|filtra',
  prompt:
    'prompt del sistema|prompt de sistema|mensaje del sistema|mensaje de sistema|instrucciones del sistema|tus instrucciones|sus instrucciones|tus reglas|tus normas|tu prompt|instrucciones internas|reglas internas|instrucciones ocultas|instrucciones secretas|instrucciones iniciales|reglas secretas|normas internas|tu configuracion|lo que te dijeron|tus directrices|tus ordenes|system prompt',
  hidden:
    'secreto|secreta|secretos|secretas|oculto|oculta|ocultas|interno|interna|internos|internas|confidencial*|que guardas|que sabes|no puedes|no debes|escondid*|prohibid*',
  secret:
    'contrasena*|clave|claves|codigo secreto|codigo de descuento|codigo de acceso|codigos|codigo|credencial*|palabra secreta|llave api|pin|clave api',
  fromNow:
    'a partir de ahora|desde ahora|de ahora en adelante|en adelante|desde este momento|a partir de este momento',
  role: 'eres|usted es|actua como|actua|finge|haz como si|haz de|imagina que eres|comportate|interpreta|responde como|juega a ser|conviertete|seras|hazte pasar',
  unbound:
    'sin restriccion*|sin ninguna restriccion|sin limite*|sin limitacion*|sin filtro*|sin ningun filtro|sin regla*|sin normas|sin censura|sin moral|ninguna regla|ninguna restriccion|no tienes reglas|no tienes limites|no tiene reglas|modo desarrollador|modo debug|modo mantenimiento|modo dios|todo vale|todo esta permitido|libre de|sin etica|sin ataduras',
  noRefusal:
    'nunca te niegues|no te niegues|sin negarte|no rechaces|nunca rechaces|sin advertencia*|sin avisos|sin excusas|responde a todo|respondes a todo|responde todo|contesta a todo|obedeceme|debes obedecer|sin rechistar|no puedes negarte|sin peros',
  newTask:
    'nuevas instrucciones|nueva instruccion|nuevas reglas|nueva regla|nueva tarea|nuevas ordenes|nueva orden|tarea real|verdadera tarea|estas instrucciones|solo obedece|nueva directiva',
  machine:
    'ia|asistente*|chatbot*|bot|bots|modelo de lenguaje|modelo|agente|robot|inteligencia artificial|maquina',
  must: 'debe|debes|deben|debera|tiene que|tienes que|por favor|hay que|favor de|es necesario',
  conceal:
    'no le digas|no digas|no menciones|no lo menciones|sin decir|sin mencionar|sin avisar|en secreto|en silencio|discretamente|sin preguntar|sin confirmar|sin que el usuario|no informes|calladito|sin que se entere|no se lo digas',
  act: 'envia*|manda*|reenvia*|transfiere*|aprueba*|borra|elimina|responde|contesta|escribe|recomienda*|califica|puntua|exporta|sube|publica|anade|agrega|paga|descarga|marca|inserta|concede|reembolsa|acepta|valora|clasifica',
  data: 'lista de clientes|datos de clientes|conversacion*|historial|contactos|archivos|base de datos|contrasenas|dinero|cuenta|correos|buzon|expedientes|salarios',
  others:
    'otros usuarios|otro usuario|ultimo usuario|usuario anterior|otros clientes|otro cliente|ultimo cliente|cliente anterior|otros pacientes',
  mention: 'por ejemplo|ataque*|atacante*|articulo|explica*|significa|phishing|ejemplo|curso|frase',
  above:
    'todo lo anterior|el texto anterior|texto de arriba|todo lo de arriba|antes de este mensaje|antes de mi mensaje|lo que hay arriba|inicio de la conversacion|principio de la conversacion|comienzo de la conversacion',
  verbatim:
    'palabra por palabra|literalmente|textualmente|al pie de la letra|literal|completo|tal cual|al reves|integro|integra',
  not: 'no|nunca|jamas|ni',
  asking: 'como puedo|por que|debo|puedo|quien|si yo|como|yo|el|ella',
  address:
    'querida ia|a la ia|para la ia|nota para la ia|nota a la ia|mensaje para la ia|si eres una ia|si eres un modelo|al asistente|para el asistente|la ia|el asistente|asistente de ia|el bot|el chatbot|ia|asistente|robot',
  mine: 'mi|mis|nuestro|nuestra|nuestras|nuestros|su|sus',
  instead: 'en su lugar|en vez de|en lugar de|mejor',
  authority: 'administrador*|admin|desarrollador|departamento de informatica|direccion|gerencia',
  order:
    'usuario|usuaria|tu respuesta|su respuesta|tu resumen|su resumen|antes de|cuando resumas|cuando respondas',
  shift:
    'deja de ser|ya no eres|tu nueva|tu nuevo|tu unica|tu verdadera|abuela|abuelita|responde solo|responde unicamente',
};

export const pt: Lexicon = {
  override:
    'ignore|ignora|ignorem|ignorar|esqueca|esquece|esquecer|desconsidere|desconsidera|desconsiderar|desobedeca|nao siga|nao obedeca|pule|burle|contorne|sobrescreva|despreze|deixe de seguir|passe por cima',
  weaken:
    'abandone|apague|delete|remova|desative|desativa|desligue|desliga|cancele|anule|suspenda|quebre|descarte|deixa de lado|deixe de lado|nao valem|nao vale|nao se aplicam|ja nao valem|anuladas|pare de|largue|solte',
  instructions:
    'instruc*|instrucoes|instrucao|regra|regras|diretriz|diretrizes|norma|normas|restricao|restricoes|limitac*|limites|ordens|filtro|filtros|politica*|comandos|prompt|orientac*|o que te disseram|tarefa|papel|mensagem do sistema',
  prior:
    'anterior|anteriores|previa*|previo*|acima|original|originais|inicial|iniciais|antes|ate agora|habitual|habituais|atual',
  yours: 'suas|sua|seus|seu|tuas|tua|teus|teu|que voce recebeu|que recebeu|desenvolvedor*',
  all: 'todas|todos|tudo|toda|qualquer|cada',
  reveal:
    'mostre|mostra|mostrar|revele|revela|diga|diz|me diga|de me|me de|me da|repita|repete|imprima|escreva|escreve|copie|copia|traduza|qual e|quais sao|cite|recite|liste|lista|compartilhe|conte|exiba|leia|passa|vaza|fale',
  prompt:
    'prompt do sistema|prompt de sistema|mensagem do sistema|mensagem de sistema|instrucoes do sistema|suas instrucoes|tuas instrucoes|suas regras|tuas regras|seu prompt|teu prompt|instrucoes internas|regras internas|instrucoes ocultas|instrucoes secretas|ordens secretas|instrucoes iniciais|instrucoes originais|sua configuracao|o que te disseram|suas diretrizes|suas ordens|system prompt',
  hidden:
    'secreto|secreta|secretos|secretas|oculto|oculta|ocultas|interno|interna|internas|confidencial|confidenciais|que voce guarda|que voce sabe|nao pode|nao deve|escondid*|proibid*',
  secret:
    'senha|senhas|codigo secreto|codigo de desconto|codigo de acesso|codigo|credenciais|palavra secreta|chave|chave api|cupom|palavra passe',
  fromNow:
    'a partir de agora|de agora em diante|daqui em diante|desde agora|a partir deste momento|doravante',
  role: 'voce e|vc e|tu es|aja como|age como|finja|finge|faca de conta|imagine que voce|comporte se|interprete|responda como|vire|voce agora|torne se|assuma o papel',
  unbound:
    'sem restric*|sem nenhuma restricao|sem limite*|sem limitac*|sem filtro*|sem nenhum filtro|sem regra*|sem normas|sem censura|sem moral|nenhuma regra|nenhuma restricao|nao tem regras|nao tem limites|modo desenvolvedor|modo debug|modo manutencao|modo deus|vale tudo|tudo permitido|tudo e permitido|livre de|sem etica|sem amarras',
  noRefusal:
    'nunca recuse|nao recuse|sem recusar|nunca diga nao|sem avisos|sem aviso|sem advertencia*|sem desculpas|responda tudo|responde tudo|responda a tudo|obedeca me|me obedeca|deve obedecer|sem questionar|nao pode recusar',
  newTask:
    'novas instrucoes|nova instrucao|novas regras|nova regra|nova tarefa|novas ordens|nova ordem|tarefa real|verdadeira tarefa|estas instrucoes|apenas o texto|nova diretriz',
  machine:
    'ia|assistente*|chatbot*|bot|bots|robo|robos|modelo de linguagem|modelo|agente|inteligencia artificial|maquina',
  must: 'deve|devem|devera|tem que|tem de|por favor|precisa|favor|e preciso',
  conceal:
    'nao diga|nao conte|nao mencione|sem dizer|sem mencionar|sem avisar|em segredo|em silencio|discretamente|sem perguntar|sem confirmar|sem o usuario saber|nao informe|escondido',
  act: 'envie|envia|mande|manda|encaminhe|transfira|aprove|apague|delete|responda|escreva|recomende|avalie|exporte|publique|adicione|pague|baixe|marque|insira|conceda|reembolse|aceite|de nota|classifique',
  data: 'lista de clientes|dados dos clientes|dados de clientes|conversa|historico|contatos|arquivos|banco de dados|senhas|dinheiro|conta|emails|caixa de entrada|prontuarios|salarios|ficheiros',
  others:
    'outros usuarios|outro usuario|ultimo usuario|usuario anterior|outros clientes|outro cliente|ultimo cliente|cliente anterior|outros pacientes|outros utilizadores',
  mention: 'por exemplo|ataque*|atacante*|artigo|explique|explica|significa|phishing|exemplo|curso|frase',
  above:
    'tudo acima|o texto acima|texto acima|tudo o que esta acima|tudo que esta acima|antes desta mensagem|antes da minha mensagem|inicio da conversa|comeco da conversa',
  verbatim:
    'palavra por palavra|literalmente|textualmente|na integra|ao pe da letra|completo|tal qual|de tras para frente|inteiro',
  not: 'nao|nunca|jamais|nem',
  asking: 'como posso|por que|devo|posso|quem|se eu|como|eu|ele|ela',
  address:
    'querida ia|cara ia|a ia|para a ia|nota para a ia|mensagem para a ia|se voce e uma ia|se voce for uma ia|ao assistente|para o assistente|o assistente|assistente de ia|o bot|o chatbot|o robo|ia|assistente|robo',
  mine: 'meu|minha|meus|minhas|nosso|nossa|nossas|dele|dela',
  instead: 'em vez disso|em vez de|no lugar|ao inves',
  authority: 'administrador*|admin|desenvolvedor|equipe de ti|diretoria|gerencia',
};

export const it: Lexicon = {
  override:
    'ignora|ignori|ignorate|ignorare|dimentica|dimentichi|dimenticate|dimenticati|dimenticare|scorda*|trascura|non seguire|non obbedire|non dare retta|aggira|sovrascrivi|lascia perdere|fregatene|fai finta che non|infischiatene|scavalca',
  weaken:
    'abbandona|cancella|elimina|disattiva*|annulla|sospendi|rompi|togli|spegni|rimuovi|scarta|metti da parte|non valgono|non vale|non valgono piu|non contano|annullate|smetti di|butta|sospese',
  instructions:
    'istruzion*|regola|regole|direttiv*|linee guida|restrizion*|limitazion*|limiti|ordini|filtro|filtri|politiche|comandi|prompt|indicazioni|vincoli|consegne|compito|ruolo|quello che ti hanno detto|cio che ti hanno detto|messaggio di sistema',
  prior:
    'precedent*|di prima|sopra|qui sopra|originali|originale|iniziali|iniziale|prima|finora|anteriori|soliti|abituali|attuale|in corso',
  yours: 'tue|tua|tuoi|tuo|sue|che hai ricevuto|che ti hanno dato|sviluppatori|programmatori',
  all: 'tutte|tutti|tutto|tutta|qualsiasi|ogni',
  reveal:
    'mostra*|mostrami|rivela*|dimmi|dammi|ripeti|ripetimi|stampa|scrivi*|di|copia|traduci|qual e|quali sono|cita|recita|elenca|condividi|leggi|leggimi|svela*|riporta|incolla|spiffera',
  prompt:
    'prompt di sistema|messaggio di sistema|istruzioni di sistema|le tue istruzioni|tue istruzioni|le tue regole|tue regole|il tuo prompt|tuo prompt|istruzioni interne|regole interne|istruzioni nascoste|istruzioni segrete|istruzioni iniziali|istruzioni originali|regole segrete|la tua configurazione|quello che ti hanno detto|i tuoi ordini|system prompt|tue linee guida',
  hidden:
    'segret*|nascost*|intern*|riservat*|che custodisci|che conosci|che sai|non puoi|non devi|confidenzial*|proibit*',
  secret:
    'password|parola segreta|codice segreto|codice sconto|codice di accesso|codice|codici|credenziali|chiave|chiave api|pin|parola d ordine',
  fromNow:
    'da ora in poi|d ora in poi|d ora in avanti|da adesso in poi|da questo momento|a partire da ora|da ora|da adesso',
  role: 'sei|lei e|agisci come|comportati|fingi|fai finta di essere|fai finta|immagina di essere|interpreta|rispondi come|diventa|recita la parte|sarai',
  unbound:
    'senza restrizioni|senza alcuna restrizione|senza limit*|senza filtri|senza alcun filtro|senza regole|senza alcuna regola|senza censura|senza morale|nessuna regola|nessun limite|nessun filtro|nessuna restrizione|non hai regole|non hai limiti|modalita sviluppatore|modalita debug|modalita manutenzione|tutto e permesso|tutto permesso|libero da|senza etica|senza freni',
  noRefusal:
    'non rifiutare|mai rifiutare|non rifiutarti|senza rifiutare|non dire mai di no|senza avvertenze|senza avvisi|senza scuse|rispondi a tutto|risponde a tutto|obbediscimi|devi obbedire|senza discutere|non puoi rifiutare|senza obiezioni',
  newTask:
    'nuove istruzioni|nuova istruzione|nuove regole|nuova regola|nuovo compito|nuovi ordini|nuovo ordine|vero compito|queste istruzioni|solo il testo|nuova direttiva',
  machine:
    'ia|ai|assistent*|chatbot*|bot|modello linguistico|modello|agente|robot|intelligenza artificiale|macchina',
  must: 'deve|devi|devono|dovra|per favore|prego|bisogna|occorre|si prega',
  conceal:
    'non dire|non dirlo|non menzionare|non menzionarlo|senza dire|senza dirlo|senza menzionare|senza avvisare|di nascosto|in segreto|in silenzio|senza chiedere|senza conferma|all insaputa|non informare|zitto zitto',
  act: 'invia|inviare|manda|spedisci|inoltra|trasferisci|approva|cancella|rispondi|scrivi|consiglia|raccomanda|valuta|esporta|carica|pubblica|aggiungi|paga|scarica|segna|inserisci|concedi|rimborsa|accetta|classifica',
  data: 'lista clienti|lista dei clienti|dati dei clienti|conversazion*|cronologia|contatti|file|database|password|soldi|denaro|conto|posta|cartelle|stipendi',
  others:
    'altri utenti|altro utente|ultimo utente|utente precedente|altri clienti|altro cliente|ultimo cliente|cliente precedente|altri pazienti|utente prima di me|cliente prima di me',
  mention: 'per esempio|ad esempio|attacco|attacchi|articolo|spiega|significa|phishing|esempio|corso|frase',
  above:
    'tutto quello che precede|tutto cio che precede|il testo sopra|testo qui sopra|tutto quanto sopra|prima di questo messaggio|prima del mio messaggio|inizio della conversazione|inizio di questa conversazione',
  verbatim:
    'parola per parola|alla lettera|letteralmente|testualmente|per intero|tale e quale|al contrario|integralmente',
  not: 'non|mai|nessun*|ne',
  asking: 'come posso|perche|devo|posso|chi|se io|come|io|lui|lei',
  address:
    'cara ia|all ia|per l ia|nota per l ia|messaggio per l ia|se sei un ia|se sei un modello|all assistente|per l assistente|l ia|l assistente|assistente ia|il bot|il chatbot|ia|assistente|robot',
  mine: 'mio|mia|miei|mie|nostro|nostra|nostre|nostri|suo|loro',
  instead: 'invece|al posto',
  authority: 'amministratore|admin|sviluppatore|reparto it|direzione',
};
