//! `navigator`.

use quickbeam_api_harness::Harness;
use quickbeam_api_navigator::Navigator;

#[test]
fn the_navigator_tells_where_a_script_runs() {
    let harness = Harness::new(&[&Navigator]);
    for (script, expected) in [
        ("navigator.userAgent.split('/')[0]", "QuickBEAM"),
        ("navigator.hardwareConcurrency >= 1 && navigator === navigator", "true"),
        ("navigator.language === navigator.languages[0]", "true"),
        ("new Navigator()", "TypeError: Navigator cannot be constructed"),
        ("Object.keys(Navigator.prototype).join()", "userAgent,hardwareConcurrency,language,languages"),
        ("String(navigator) + Object.getOwnPropertyNames(Navigator)", "[object Navigator]length,name,prototype"),
    ] {
        harness.check(script, expected);
    }
}
