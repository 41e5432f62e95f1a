//! Every shipped feature says what it tells.

use c360_flow::Clock;

use crate::flow::lab::Lab;
use crate::flow::retailer::Retailer;

#[tokio::test(flavor = "multi_thread")]
async fn no_shipped_feature_is_without_a_description_and_none_describes_what_is_not_there() {
    let (lab, mut retailer) = (Lab::new().await, Retailer::new(3));
    retailer.deliver().write(&lab.data(), "1");
    lab.run(&retailer.as_of()).await;
    let instant = "2012-01-01T00:00:00Z".parse().expect("an instant");
    let clock = Clock {
        run_id: "features".into(),
        now: instant,
        as_of: instant,
    };
    let features = lab.engine().features(&clock).await.expect("features");
    let named = |feature: &c360_flow::Feature| format!("{}.{}", feature.job, feature.column);
    let undescribed = features.iter().filter(|it| it.description.is_none());
    assert_eq!(undescribed.map(named).collect::<Vec<_>>(), [""; 0]);
    let there: Vec<String> = features.iter().map(named).collect();
    for job in lab.engine().project().jobs.values() {
        let c360_spec::JobKind::Feature(feature) = &job.kind else {
            continue;
        };
        for column in feature.columns.keys() {
            let name = format!("{}.{column}", job.name);
            assert!(there.contains(&name), "{name} is described and not there");
        }
    }
}
