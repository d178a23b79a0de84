//! Groups of digits in numbers of four digits, where a language has none.
//!
//! The library takes `always` for `auto`, so it is given data by which the language's smallest group has one digit.

use icu::decimal::DecimalFormatter;
use icu::decimal::options::DecimalFormatterOptions;
use icu::decimal::provider::{Baked, DecimalDigitsV1, DecimalSymbols, DecimalSymbolsV1};
use icu::locale::Locale;
use icu_provider::{DataError, DataProvider, DataRequest, DataResponse};

/// The library's data, but for the smallest group.
struct Always;

impl DataProvider<DecimalSymbolsV1> for Always {
    fn load(&self, request: DataRequest<'_>) -> Result<DataResponse<DecimalSymbolsV1>, DataError> {
        let response = DataProvider::<DecimalSymbolsV1>::load(&Baked, request)?;
        let payload = response.payload.map_project::<DecimalSymbolsV1, _>(|mut symbols: DecimalSymbols<'_>, _| {
            symbols.grouping_sizes.min_grouping = 1;
            symbols
        });
        Ok(DataResponse { metadata: response.metadata, payload })
    }
}

impl DataProvider<DecimalDigitsV1> for Always {
    fn load(&self, request: DataRequest<'_>) -> Result<DataResponse<DecimalDigitsV1>, DataError> {
        Baked.load(request)
    }
}

/// A formatter whose numbers have separators from four digits on.
///
/// # Errors
/// The library's, if it has no data of the locale.
pub(super) fn always_grouping(
    locale: &Locale,
    options: DecimalFormatterOptions,
) -> Result<DecimalFormatter, DataError> {
    DecimalFormatter::try_new_unstable(&Always, locale.into(), options)
}
