using CsCheck;

namespace DaprShop.Catalog.Tests;

public sealed class SearchTests
{
    private static readonly SearchIndex s_shop = SearchIndex.Empty.With([.. Samples.Seeds]);

    [Fact]
    public void Whole_words_come_before_prefixes_before_typos_and_names_before_categories_before_descriptions()
    {
        var products = new[]
        {
            Samples.Product(0, "Lamb plush"),
            Samples.Product(1, "Lampshade"),
            Samples.Product(2, "Rug", description: "Goes with any lamp"),
            Samples.Product(3, "Bulb", category: "lamp"),
            Samples.Product(4, "Desk lamp"),
            Samples.Product(5, "Table"),
        };
        Assert.Equal(
            ["Desk lamp", "Bulb", "Rug", "Lampshade", "Lamb plush"],
            Samples.Index(products).Names(new ProductQuery("lamp"), products));
    }

    [Theory]
    [InlineData("kettle")]
    [InlineData("KETTLE")]
    [InlineData("kett")]
    [InlineData("ketle")]
    [InlineData("ekttle")]
    [InlineData("kettlw")]
    [InlineData("gooseneck kettle")]
    [InlineData("kettle goosneck")]
    [InlineData("  kettle, gooseneck! ")]
    public void A_kettle_is_found(string search) => Assert.Contains("kettle-01", Find(search));

    [Theory]
    [InlineData("kettle headphones")] // every word must match
    [InlineData("kxttxe")] // two mistakes in a short word
    [InlineData("mgu")] // a mistake in a word of three letters
    [InlineData("!!!")]
    [InlineData("zzzzzzzzzz")]
    public void Nothing_is_found(string search) => Assert.Empty(Find(search));

    [Fact]
    public void Two_mistakes_in_a_long_word_are_forgiven() => Assert.Contains("headphones-01", Find("haedphnes"));

    [Theory]
    [InlineData("Café Crème", "cafe creme")]
    [InlineData("Cafe\u0301", "café")]
    [InlineData("Łódź Ærø Straße", "lodz aero strasse")]
    [InlineData("ŻÓŁĆ", "żółć")]
    [InlineData("Chef's choice", "chefs")]
    [InlineData("Chef’s choice", "chef's")]
    [InlineData("Чайник", "чайник")]
    [InlineData("茶 壶", "茶")]
    public void Case_accents_and_apostrophes_do_not_matter(string name, string search)
    {
        var product = Samples.Product(0, name);
        Assert.Single(Samples.Index(product).Names(new ProductQuery(search), product));
    }

    [Fact]
    public void Every_product_is_found_by_its_name() =>
        Assert.All(Samples.Seeds, seed => Assert.Contains(seed.Id, Find(seed.Name)));

    [Fact]
    public void Every_product_is_found_by_any_prefix_of_any_word() =>
        Gen.OneOf([.. Samples.Seeds])
            .SelectMany(seed => Gen.OneOf([.. Words.Of(seed.Name + " " + seed.Description)])
                .SelectMany(word => Gen.Int[1, word.Length].Select(length => (seed.Id, Prefix: word[..length]))))
            .Sample(example => Assert.Contains(example.Id, Find(example.Prefix)), iter: 1000);

    [Fact]
    public void Every_product_is_found_in_spite_of_a_typo() =>
        Gen.OneOf([.. Samples.Seeds.SelectMany(seed => Words.Of(seed.Name).Where(word => word.Length >= 5 && !word.All(char.IsAsciiDigit))
            .Select(word => (seed.Id, word)))])
            .SelectMany(example => Samples.Typo(example.word).Select(typo => (example.Id, typo)))
            .Sample(example => Assert.Contains(example.Id, Find(example.typo)), iter: 2000);

    [Fact]
    public void Typos_are_found_as_by_comparing_with_every_word()
    {
        var terms = Samples.Seeds.SelectMany(seed => Words.Of(seed.Name + " " + seed.Description)).Distinct().Order(StringComparer.Ordinal)
            .ToArray();
        var shared = TypoMatcher.SharedPrefixes(terms);
        Gen.Select(Gen.OneOf(terms).SelectMany(Samples.Typo), Gen.Int[1, 2]).Sample((word, limit) =>
        {
            var found = new List<string>();
            TypoMatcher.Find(terms, shared, word, limit, term => found.Add(terms[term]));
            Assert.Equal(terms.Where(term => Distance(term, word) <= limit), found);
        }, iter: 500);
    }

    [Fact]
    public void Filters_and_sorts_agree_with_a_plain_reading_of_the_list()
    {
        var query = Gen.Select(
            Gen.OneOf(null, "kitchen", "games", "nowhere"), Gen.OneOf<long?>(null, 0, 2000), Gen.OneOf<long?>(null, 1500, 5000),
            Gen.OneOf<bool?>(null, true, false), Gen.Enum<ProductSort>(), Gen.Int[1, 12], Gen.Int[1, 100])
            .Select((category, min, max, inStock, sort, page, size) =>
                new ProductQuery(null, category, min, max, inStock, sort, page, size));
        static bool Available(int position) => position % 3 > 0;
        query.Sample(query =>
        {
            var matching = Samples.Seeds.Where(product => (query.Category is null || product.Category == query.Category)
                && (query.MinPrice is null || product.Price.Amount >= query.MinPrice)
                && (query.MaxPrice is null || product.Price.Amount <= query.MaxPrice)
                && (query.InStock is null || Available(product.Position) == query.InStock)).ToList();
            var sorted = query.Sort switch
            {
                ProductSort.Price => matching.OrderBy(product => product.Price.Amount).ThenBy(product => product.Position),
                ProductSort.PriceDescending =>
                    matching.OrderByDescending(product => product.Price.Amount).ThenByDescending(product => product.Position),
                ProductSort.Newest => matching.OrderByDescending(product => product.Position),
                _ => matching.OrderBy(product => product.Name, StringComparer.OrdinalIgnoreCase),
            };
            var hits = s_shop.Search(query, Available);
            Assert.Equal(matching.Count, hits.Total);
            Assert.Equal(sorted.Skip((query.Page - 1) * query.PageSize).Take(query.PageSize).Select(product => product.Position),
                hits.Positions);
        });
    }

    [Fact]
    public void Pages_of_a_search_add_up_to_the_whole()
    {
        var whole = s_shop.Search(new ProductQuery("a", PageSize: 100), _ => true);
        var pages = Enumerable.Range(1, 15)
            .SelectMany(page => s_shop.Search(new ProductQuery("a", Page: page, PageSize: 7), _ => true).Positions);
        Assert.Equal(whole.Positions, pages.Take(whole.Positions.Count));
    }

    [Fact]
    public void An_index_changed_step_by_step_is_the_same_as_one_built_at_once()
    {
        var change = Gen.Select(Gen.Int[0, 9], Gen.OneOf("red lamp", "blue kettle", "red kettle", "lamp"), Gen.Long[1, 5], Gen.Bool)
            .Select((position, name, price, deleted) => Samples.Product(position, name, price: price, deleted: deleted));
        change.List[1, 30].Sample(changes =>
        {
            var stepwise = changes.Aggregate(SearchIndex.Empty, (index, product) => index.With([product]));
            var atOnce = SearchIndex.Empty.With([.. changes.GroupBy(product => product.Position).Select(versions => versions.Last())]);
            foreach (var query in new[] { "red", "kettle", "lam", "ketle", null })
                foreach (var sort in Enum.GetValues<ProductSort>())
                {
                    var (expected, actual) = (atOnce.Search(new(query, Sort: sort), _ => true),
                        stepwise.Search(new(query, Sort: sort), _ => true));
                    Assert.Equal(expected.Total, actual.Total);
                    Assert.Equal(expected.Positions, actual.Positions);
                }
            Assert.Equal(atOnce.Categories, stepwise.Categories);
        });
    }

    [Fact]
    public void Hostile_searches_find_nothing_or_something_but_do_not_fail() =>
        Gen.String.Sample(search => s_shop.Search(new ProductQuery(search), _ => true));

    /// <summary>Correctness only; the numbers go to the test's output.</summary>
    [Fact]
    public void A_hundred_thousand_products_can_be_searched()
    {
        var products = Samples.Many(100_000).ToList();
        var index = SearchIndex.Empty.With(products);
        var random = new Random(2);
        var times = new List<double>();
        for (var i = 0; i < 400; i++)
        {
            var product = products[random.Next(products.Count)];
            var words = Words.Of(product.Name);
            var query = (i % 4) switch
            {
                0 => words[0][..1],
                1 => words[0],
                2 => string.Join(' ', words.Take(2)),
                _ => words.MaxBy(word => word.Length)!.Insert(2, "x"),
            };
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            var hits = index.Search(new ProductQuery(query), _ => true);
            times.Add(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            Assert.True(hits.Total > 0, query);
        }
        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"p50 {times[200]:0.00} ms, p99 {times[396]:0.00} ms, max {times[399]:0.00} ms");
    }

    private static string[] Find(string search) =>
        [.. s_shop.Search(new ProductQuery(search, PageSize: 1000), _ => true).Positions.Select(position => Samples.Seeds[position].Id)];

    /// <summary>The textbook table, whole.</summary>
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
            {
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        return d[a.Length, b.Length];
    }
}
