import type { Lexicon } from './concepts.ts';

/** Languages with a smaller vocabulary: the words that attacks cannot do without. */
export const pl: Lexicon = {
  override:
    'zignoruj*|ignoruj*|zapomnij*|pomin*|obejdz|nie zwracaj uwagi|nie stosuj|nie przestrzegaj|przestan stosowac|lekcewaz',
  weaken: 'wylacz*|usun|anuluj*|porzuc*|przerwij|nie obowiazuj*|niewazne|uniewaznione|zostaw',
  instructions: 'instrukcj*|polecen*|zasad*|regul*|wytyczn*|ogranicz*|zakaz*|filtr*|rozkaz*|zadanie|prompt*',
  prior: 'poprzedni*|wczesniejsz*|dotychczasow*|powyzsz*|wyzej|pierwotn*|zwykl*|biezac*',
  yours: 'twoje|twoich|twoj|swoje|swoich|swoj|swoja|swoja|ci dano',
  all: 'wszystk*|kazd*|caly|cale',
  reveal:
    'pokaz*|wyswietl*|ujawnij|podaj|powiedz|napisz|powtorz|przepisz|wypisz|przetlumacz|jakie jest|jaki jest|zdradz|zacytuj',
  prompt:
    'prompt systemowy|promptu systemowego|wiadomosc systemowa|instrukcje systemowe|swoje instrukcje|twoje instrukcje|wewnetrzne zasady|ukryte instrukcje|swoje zasady',
  hidden: 'tajn*|ukryt*|wewnetrzn*|poufn*|nie wolno|sekretn*',
  secret: 'haslo|hasla|kod dostepu|tajny kod|klucz api|kod rabatowy',
  fromNow: 'od teraz|odtad|od tej chwili|od tej pory',
  role: 'jestes teraz|udawaj|wciel sie|zachowuj sie jak|odgrywaj|dzialaj jako',
  unbound:
    'bez ograniczen|bez cenzury|bez zasad|bez filtrow|nieograniczon*|tryb dewelopera|zadnych zasad|zadnych ograniczen',
  noRefusal: 'nigdy nie odmawiaj|nie odmawiaj|odpowiadaj na wszystko|odpowiada na wszystko',
  newTask: 'nowe polecenie|nowe instrukcje|nowe zasady|nowe zadanie|tylko ponizszy',
  conceal: 'nie mow|nie informuj|po cichu|potajemnie|bez potwierdzenia|nie wspominaj|bez wiedzy',
  verbatim: 'slowo w slowo|doslownie|w calosci',
  above: 'wszystko powyzej|przed ta wiadomoscia|tekst powyzej|wszystko co bylo przed',
  address:
    'drogie ai|do ai|dla ai|uwaga ai|do asystenta|dla asystenta|jesli jestes ai|asystent ai|asystencie',
};

export const tr: Lexicon = {
  override: 'yok say*|gormezden gel*|goz ardi et*|unut|unutun|dikkate alma*|uyma|uymayi birak|es gec',
  weaken: 'iptal|kapat*|devre disi|sil|birak|gecersiz*|kaldir*',
  instructions:
    'talimat*|kural*|yonerge*|komut*|kisitlama*|sinirlama*|sinirlarini|emir*|prompt*|gorevi|filtre*',
  prior: 'onceki*|yukari*|eski|simdiye kadar*|ilk|mevcut|normal|her zamanki',
  yours: 'senin|sana verilen|kendi|sistem|gelistirici*',
  all: 'tum|butun|her|hepsini|hicbir',
  reveal: 'goster*|yaz|yazdir*|soyle*|acikla*|tekrarla*|ver|paylas*|ifsa|nedir|cevir*|listele*|kopyala*',
  prompt:
    'sistem istemi*|sistem mesaji*|sistem talimat*|sistem promptu*|gizli talimat*|ic kural*|talimatlarini|kurallarini',
  hidden: 'gizli*|dahili|sakli|soylememen|yasak*',
  secret: 'sifre*|parola*|gizli kod*|erisim kodu*|indirim kodu*|api anahtari*',
  fromNow: 'bundan sonra|artik|su andan itibaren|simdiden sonra',
  role: 'sen artik|gibi davran*|rolunu|rol yap|taklit et|mis gibi',
  unbound: 'sansursuz*|sinirsiz*|kisitlamasiz|kuralsiz|filtresiz|gelistirici modu*|kural yok|sinir yok',
  noRefusal: 'asla reddetme|reddetme|her seyi yanitla|her soruya cevap',
  newTask: 'yeni talimat*|yeni emir|yeni gorev*|yeni kural*|sadece asagidaki',
  conceal: 'soyleme|haber verme*|gizlice|sessizce|onay almadan|bahsetme*|onaysiz',
  verbatim: 'kelimesi kelimesine|aynen|harfi harfine|oldugu gibi',
  above: 'bu mesajdan once*|yukaridaki her sey|yukaridaki metin*|yukarida yazan',
  address: 'yapay zekaya|yapay zeka icin|asistana not|asistan icin|eger bir yapay zeka|yapay zeka asistani*',
};

export const id: Lexicon = {
  override: 'abaikan|lupakan|hiraukan|jangan ikuti|langgar|kesampingkan|acuhkan',
  weaken: 'matikan|hapus|batalkan|nonaktifkan|tinggalkan|tidak berlaku|dibatalkan|hentikan',
  instructions: 'instruksi*|perintah*|aturan*|pedoman*|batasan*|larangan|arahan*|filter|tugas|prompt*',
  prior: 'sebelumnya|di atas|tadi|awal|terdahulu|selama ini|biasa|saat ini|lama',
  yours: 'mu|kamu|anda|sistem|pengembang',
  all: 'semua|seluruh|segala|setiap',
  reveal:
    'tunjukkan|tampilkan|beritahu|katakan|sebutkan|ulangi|tulis|tuliskan|ungkapkan|bocorkan|bagikan|terjemahkan|salin|apa',
  prompt:
    'prompt sistem|pesan sistem|instruksi sistem|instruksi rahasia|aturan internal|instruksimu|aturanmu|instruksi awal|instruksi tersembunyi',
  hidden: 'rahasia|tersembunyi|internal|tidak boleh|dirahasiakan',
  secret: 'kata sandi|sandi|password|kode akses|kode rahasia|kunci api|kode diskon',
  fromNow: 'mulai sekarang|sejak sekarang|mulai saat ini',
  role: 'kamu adalah|anda adalah|berperan sebagai|bertindak sebagai|berpura pura|bertindaklah',
  unbound:
    'tanpa batasan*|tanpa aturan|tanpa sensor|tanpa filter|tidak terbatas|mode pengembang|tanpa larangan|bebas aturan',
  noRefusal: 'jangan menolak|tidak boleh menolak|jawab semua|jawab apa saja',
  newTask: 'instruksi baru|perintah baru|tugas baru|aturan baru|hanya turuti|hanya ikuti',
  conceal:
    'jangan beri tahu|jangan beritahu|diam diam|tanpa konfirmasi|jangan sebutkan|tanpa memberi tahu|tanpa sepengetahuan',
  verbatim: 'kata demi kata|persis|secara lengkap|apa adanya',
  above: 'sebelum pesan ini|semua di atas|teks di atas|semua yang tertulis di atas|semua yang ada sebelum',
  address: 'untuk ai|kepada ai|catatan untuk ai|untuk asisten|kepada asisten|jika kamu ai|asisten ai',
};

export const ar: Lexicon = {
  override: 'تجاهل*|انس|انسي|انسى|اهمل|لا تتبع|تجاوز|لا تلتزم|خالف',
  weaken: 'اوقف|الغ|عطل|اترك|ملغى|ملغاة|ازل|احذف|لاغية',
  instructions:
    'التعليمات|تعليمات*|الاوامر|اوامر|القواعد|قواعد*|القيود|قيود*|التوجيهات|توجيهات*|المهمة|قوانين*|حدودك',
  prior: 'السابقة|السابق|اعلاه|الاصلية|الحالية|القديمة|قبل|المعتادة|سبق',
  yours: 'تعليماتك|قواعدك|قيودك|الخاصة بك|لديك|النظام|حدودك|توجيهاتك',
  all: 'جميع|كل|كافة',
  reveal: 'اظهر|اعرض|اكشف|اخبرني|قل|اكتب|كرر|اطبع|انسخ|ترجم|ما هي|ما هو|اعطني',
  prompt:
    'رسالة النظام|تعليمات النظام|موجه النظام|تعليماتك|قواعدك الداخلية|التعليمات السرية|التعليمات الداخلية|قواعدك',
  hidden: 'السرية|السري|سري|مخفي*|المخفية|داخلي*|الداخلية|ممنوع',
  secret: 'كلمة السر|كلمة المرور|الرمز السري|رمز الدخول|كود الخصم|مفتاح',
  fromNow: 'من الان فصاعدا|من الان|منذ الان|ابتداء من الان',
  role: 'انت الان|تصرف ك*|تظاهر|العب دور|تخيل انك|مثل دور',
  unbound: 'بلا قيود|بدون قيود|دون قيود|بلا حدود|بدون رقابة|بلا رقابة|وضع المطور|بلا قواعد',
  newTask: 'تعليمات جديدة|امر جديد|اوامر جديدة|مهمة جديدة|قواعد جديدة',
  conceal: 'لا تخبر|لا تذكر|سرا|دون تاكيد|بدون تاكيد|دون علم',
  verbatim: 'حرفيا|كلمة بكلمة|بالكامل|كما هي',
  above: 'قبل هذه الرسالة|ما ورد اعلاه|كل ما سبق|النص اعلاه',
  address: 'الى الذكاء الاصطناعي|للمساعد|ايها المساعد|الى المساعد|للذكاء الاصطناعي',
};

export const hi: Lexicon = {
  override: 'अनदेखा|नजरअंदाज|भूल|मत मानो|न मानो|उपेक्षा',
  weaken: 'बंद|रद्द|हटा*|छोड़*|खत्म',
  instructions: 'निर्देश*|नियम*|आदेश*|सीमा*|सीमाए|प्रतिबंध*|पाबंद*|काम',
  prior: 'पिछल*|पहले|ऊपर|पुरान*|मौजूदा|सामान्य|अब तक',
  yours: 'अपन*|तुम्हार*|आपक*|सिस्टम',
  all: 'सभी|सब|सार*|हर',
  reveal: 'दिखा*|बता*|लिखो|दोहरा*|कहो|प्रकट|क्या है',
  prompt: 'सिस्टम प्रॉम्प्ट|सिस्टम संदेश|सिस्टम निर्देश*|गुप्त निर्देश*|आंतरिक नियम*',
  hidden: 'गुप्त|छिप*|आंतरिक|गोपनीय',
  secret: 'पासवर्ड*|गुप्त कोड|कोड',
  fromNow: 'अब से|आज से',
  role: 'तुम अब|आप अब|बनकर|की तरह व्यवहार',
  unbound: 'बिना सेंसर|बिना किसी सीमा|बिना सीमा*|बिना नियम*|बिना रोक*',
  newTask: 'नया निर्देश|नए निर्देश|नया आदेश|नया काम',
  conceal: 'मत बताओ|चुपचाप|बिना बताए|को मत बता*',
  above: 'इस संदेश से पहले|ऊपर लिखी',
};
