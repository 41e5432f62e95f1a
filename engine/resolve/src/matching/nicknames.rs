//! Groups of forenames that one person may go by: a name and its short forms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Names, each with the numbers of the groups that it is in. Two names may be one person's if they share a group; that
/// Alex may be Alexander and may be Alexandra does not make these two one name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NameGroups(BTreeMap<String, Vec<u32>>);

impl NameGroups {
    /// Numbers the groups. Names count as they are written, so write them as the column that is compared holds them.
    pub fn new<Name: Into<String>>(
        groups: impl IntoIterator<Item = impl IntoIterator<Item = Name>>,
    ) -> Self {
        let mut numbers = BTreeMap::<String, Vec<u32>>::new();
        for (number, group) in (0..).zip(groups) {
            for name in group {
                let of = numbers.entry(name.into()).or_default();
                if of.last() != Some(&number) {
                    of.push(number);
                }
            }
        }
        Self(numbers)
    }

    /// The numbers of a name's groups as a list in one text.
    pub(super) fn of(&self, name: &str) -> Option<String> {
        let numbers: Vec<String> = self.0.get(name)?.iter().map(u32::to_string).collect();
        Some(numbers.join("\u{1f}"))
    }
}

/// English names and their usual short forms, in lower case.
pub fn english() -> impl Iterator<Item = impl Iterator<Item = &'static str>> {
    ENGLISH.lines().map(str::split_whitespace)
}

/// A group a line.
const ENGLISH: &str = "\
abigail abby abbie gail
abraham abe bram
adelaide addie ada heidi
agnes aggie nessie
alan allan allen al
albert al bert bertie
alexander alex alec alick sandy xander lex sasha
alexandra alex alexa sandra sandy lexi sasha
alfred alf alfie fred freddie
alice allie ali
alison allie ali
amanda mandy manda
amelia amy millie mia
andrew andy drew
angela angie ange
angelina angie lina
ann anne anna annie nan nancy
anthony antony tony ant
antoinette toni netta
archibald archie
arthur art artie
augustus gus august
barbara barb barbie babs
bartholomew bart
benedict ben benny
benjamin ben benji benny
bernard bernie barney
bernadette bernie detta
bertram bert bertie
bradley brad
bridget biddy bridie
cameron cam
carol carole carrie
caroline carolyn carrie caro lina
cassandra cass cassie sandra
catherine katherine kathryn catharine katharine kate katie kathy cathy kat kit kitty kay
cecilia cecily celia cissy
charles charlie chuck chas chaz carl
charlotte charlie lottie lotte char
christian chris
christina christine chris chrissie tina chrissy
christopher chris kit topher christy
clifford cliff
constance connie
cornelius con neil
curtis curt
cynthia cindy
daniel dan danny
danielle dani danni
david dave davey davy
deborah debra deb debbie debby
dennis den denny
derek derrick del
diana diane di
dominic dom nick
donald don donnie
dorothy dot dottie dolly dora
douglas doug dougie
edith edie
edmund ed eddie ned ted
edward ed eddie ned ted teddy
edwin ed eddie
eleanor elinor ellie nell nellie nora lenore
elizabeth elisabeth liz lizzie beth betty betsy bess bessie eliza elsie lisa libby lisbeth
ellen ellie nell nellie
emily em emmy millie
emma em emmy
ernest ernie
esther essie hettie
eugene gene
eugenie genie
evelyn eve evie
ezekiel zeke
florence flo florrie flossie
frances fran frannie francie
francesca fran chess frankie
francis frank frankie
franklin frank frankie
frederick frederic fred freddie freddy rick
gabriel gabe
gabrielle gabby gaby
genevieve jenny gen viv
geoffrey jeffrey jeffery geoff jeff
george georgie
georgina georgia georgie gina
gerald gerry jerry
geraldine gerry
gerard gerry ged
gertrude gertie trudy trudie
gilbert gil bert
gordon gordie
graham graeme
grace gracie
gregory greg gregg
gwendolyn gwendoline gwen wendy
harold harry hal
harriet hattie harrie
helen nell nellie ellen lena
henrietta hettie etta henny
henry harry hank hal
herbert herb bert herbie
hilary hil
howard howie
hubert bert hugh
hugh hughie huw
humphrey humph
ian iain
imogen immy
irene rene
isaac ike zac
isabel isabella isobel bella izzy belle
isidore izzy
jacob jake
jacqueline jackie jacqui
james jim jimmy jamie jem
jane jenny janie janey
janet jan jenny
janice jan
jason jay jase
jasmine jas jazz
jeanette jean jeanie netta
jennifer jen jenny jenni jennie
jeremiah jerry jem
jeremy jerry jez jem
jerome jerry
jessica jess jessie
joan joanie
joanna joanne jo
john johnny jack jon
jonathan jonathon jon jonny nathan
joseph joe joey jo
josephine jo josie
joshua josh
joyce joy
judith judy jude
julia julie jules
julian jules
juliet jules julie
katrina trina kat kate
kenneth ken kenny
kevin kev
kimberley kimberly kim
kristen kris kirsty
kristina kristine kris tina
laura laurie lolly
lauren laurie lori ren
laurence lawrence larry laurie loz lon
leonard len lenny leo leon
leopold leo
leslie lesley les
lewis louis lew lou louie
lillian lilian lily lil lilly
linda lyn lynn
lindsay lindsey lin
louise lou lulu
lucinda lucy cindy
lucy lu
luke lucas
lydia liddy
madeleine madeline maddie maddy
magdalena magda lena
malcolm mal
marcus mark marc
margaret maggie meg megan peg peggy marge margie greta daisy rita madge mags
maria mary mia
marjorie marge margie
martha marty mattie
martin marty mart
mary molly polly mamie may
matilda tilly mattie tilda
matthew mathew matt matty
maureen mo
maurice mo
maximilian max
maxine max
maxwell max
melanie mel
melissa mel missy lissa
melvin mel
mercedes mercy sadie
michael mike mick mickey micky mikey
michelle shelly chelle mick
mildred millie milly
millicent millie milly
miranda mandy randy mira
miriam mimi mim
mitchell mitch
mohammed mohammad muhammad mohamed mo
montague monty
montgomery monty
nancy nan
natalie nat nattie
natasha tasha nat
nathan nat nate
nathaniel nat nate nathan
neville nev
nicholas nicolas nick nicky nico
nicola nicole nicky nikki nic
norman norm
oliver ollie olly
olivia liv livvy ollie
oscar ozzie
oswald oz ozzie
pamela pam pammie
patience pat patty
patricia pat patty trish tricia patsy
patrick pat paddy rick
paula polly
pauline polly paula
penelope penny pen
percival percy
peter pete
philip phillip phil pip
philippa phillipa pippa pip
phyllis phyl
priscilla cilla
prudence pru
rachel rachael rach rae
randall randy rand
randolph randy dolph
raymond ray
rebecca becky becca beck
reginald reg reggie
richard rick ricky rich richie dick dickie
robert rob bob bobby robbie bert
roberta bobbie robbie
robin rob
roderick rod roddy rick
rodney rod
roland rollo rolly
ronald ron ronnie ronny
rosalind ros roz
rosamund ros roz rose
rose rosie
rosemary rose rosie romy
rowland rollo rolly
rudolph rudy dolph
russell russ rusty
ruth ruthie
samantha sam sammy
samuel sam sammy
sarah sara sally sadie
sebastian seb bas
sharon shaz
shirley shirl
sidney sydney sid syd
simon si
solomon sol solly
sophia sophie sofia
stanley stan
stephanie steph stevie
stephen steven steve stevie ste
stewart stuart stu
susan suzanne susanna susannah sue susie suzie suzy
sylvia syl sylvie
tabitha tabby
tamara tammy
tamsin tammy tam
terence terrence terry tel
teresa theresa terry tess tessa tracy
thaddeus thad ted
theodora dora thea
theodore theo ted teddy
thomas tom tommy
timothy tim timmy
tobias toby
tracey tracy trace
valentine val
valerie val
vanessa nessa
vernon vern
veronica ronnie vera nicky
victor vic
victoria vicky vicki vick tori
vincent vin vince vinny
violet vi
virginia ginny ginger
vivian vivien vivienne viv
walter walt wally
wilfred wilf wilfrid fred
wilhelmina billie mina minnie wilma
william bill billy will willy willie liam wills
winifred winnie freda win
winston win
yvonne vonnie
zachary zachariah zach zac zack zak";

#[cfg(test)]
mod tests {
    use super::{NameGroups, english};

    fn share(groups: &NameGroups, a: &str, b: &str) -> bool {
        let of = |name: &str| groups.of(name).unwrap_or_default();
        let (a, b) = (of(a), of(b));
        a.split('\u{1f}')
            .any(|number| !number.is_empty() && b.split('\u{1f}').any(|other| other == number))
    }

    #[test]
    fn short_forms_share_a_group_with_their_name_and_with_each_other() {
        let groups = NameGroups::new(english());
        for (a, b) in [
            ("william", "bill"),
            ("liam", "bill"),
            ("alex", "alexander"),
            ("alex", "alexandra"),
            ("peggy", "margaret"),
        ] {
            assert!(share(&groups, a, b), "{a} and {b}");
        }
        assert!(!share(&groups, "alexander", "alexandra"));
        assert!(!share(&groups, "william", "robert"));
        assert_eq!(groups.of("oyelaran"), None);
    }

    #[test]
    fn a_line_is_a_group_of_two_names_or_more() {
        for group in english().map(Iterator::collect::<Vec<_>>) {
            assert!(group.len() > 1, "{group:?}");
            let plain = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(group.iter().all(plain), "{group:?}");
        }
    }
}
