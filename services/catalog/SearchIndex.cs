using System.Buffers;

namespace DaprShop.Catalog;

/// <summary>
/// All products, ready to be searched, filtered and sorted. Immutable: <see cref="With"/> makes the next one and readers never wait.
/// Products are known by <see cref="Product.Position"/>. An inverted index maps each word to the products that have it; a query word
/// finds the word itself, words that begin with it, and words that differ by a typo, and a product must match every query word.
/// The order by relevance: the word itself before a prefix before a typo; within those, name before category before description.
/// </summary>
public sealed class SearchIndex
{
    public static readonly SearchIndex Empty = new([], [], [], [], []);

    /// <summary>More words than this in a query are ignored; their scores would not fit a byte.</summary>
    private const int MaxQueryWords = 16;

    private const int ScoreExact = 12, ScorePrefix = 8, ScoreTypo = 4;

    private readonly Product?[] _products;
    private readonly int[] _byName;
    private readonly int[] _byPrice;
    private readonly string[] _terms;
    private readonly int[][] _postings;
    private readonly byte[] _sharedPrefixes;

    private SearchIndex(Product?[] products, int[] byName, int[] byPrice, string[] terms, int[][] postings)
    {
        (_products, _byName, _byPrice, _terms, _postings) = (products, byName, byPrice, terms, postings);
        _sharedPrefixes = TypoMatcher.SharedPrefixes(terms);
        Categories = [.. byName.Select(position => products[position]!.Category)
            .CountBy(category => category)
            .OrderBy(count => count.Key, StringComparer.Ordinal)
            .Select(count => new CategoryCount(count.Key, count.Value))];
    }

    /// <summary>How many products there are.</summary>
    public int Count => _byName.Length;

    /// <summary>The categories that have products, by id.</summary>
    public IReadOnlyList<CategoryCount> Categories { get; }

    /// <summary>This index after products were added, changed or deleted: one pass over the sorted lists however many there are.</summary>
    /// <param name="changed">At most one for each position.</param>
    public SearchIndex With(IReadOnlyCollection<Product> changed)
    {
        if (changed.Count == 0) return this;
        var products = _products;
        Array.Resize(ref products, Math.Max(products.Length, changed.Max(product => product.Position) + 1));
        if (ReferenceEquals(products, _products)) products = [.. products];
        var gone = changed.Select(product => product.Position).Where(position => Find(position) is not null).ToHashSet();
        var added = changed.Where(product => !product.Deleted).ToList();
        foreach (var product in changed) products[product.Position] = product.Deleted ? null : product;

        var (terms, postings) = MergeTerms(gone, added);
        return new SearchIndex(
            products,
            MergePositions(_byName, gone, added, new ByName(products)),
            MergePositions(_byPrice, gone, added, new ByPrice(products)),
            terms,
            postings);
    }

    /// <summary>The positions on the page asked for, in order, and how many match on all pages.</summary>
    /// <param name="available">Whether the product at a position is in stock; asked only when the query cares.</param>
    public Hits Search(ProductQuery query, Func<int, bool> available)
    {
        var words = query.Search is { } search ? Words.Of(search) : null;
        if (words is { Count: 0 }) return Hits.None;
        var scores = words is null ? null : Score(words);
        try
        {
            return Pick(query, available, scores);
        }
        finally
        {
            if (scores is not null) ArrayPool<byte>.Shared.Return(scores);
        }
    }

    private Hits Pick(ProductQuery query, Func<int, bool> available, byte[]? scores)
    {
        bool PassesFilters(int position)
        {
            if (_products[position] is not { } product) return false;
            return (query.Category is null || query.Category == product.Category)
                && !(product.Price.Amount < query.MinPrice)
                && !(product.Price.Amount > query.MaxPrice)
                && (query.InStock is not { } inStock || inStock == available(position));
        }

        var first = (query.Page - 1L) * query.PageSize;
        var filter = query.HasFilters ? PassesFilters : (Func<int, bool>?)null;
        if (scores is null && filter is null && query.Sort != ProductSort.Newest) return Slice(InOrder(query.Sort), first, query.PageSize);
        if (scores is not null && query.Sort == ProductSort.Relevance) return PickByScore(scores, filter, first, query.PageSize);
        filter ??= position => _products[position] is not null;
        return PickInOrder(InOrder(query.Sort), position => scores?[position] != 0 && filter(position), first, query.PageSize);
    }

    private Order InOrder(ProductSort sort) => sort switch
    {
        ProductSort.Price => new Order(_byPrice, _byPrice.Length, Reverse: false),
        ProductSort.PriceDescending => new Order(_byPrice, _byPrice.Length, Reverse: true),
        ProductSort.Newest => new Order(null, _products.Length, Reverse: true),
        _ => new Order(_byName, _byName.Length, Reverse: false),
    };

    private static Hits Slice(Order order, long first, int size)
    {
        var count = (int)Math.Clamp(order.Count - first, 0, size);
        var positions = new int[count];
        for (var i = 0; i < count; i++) positions[i] = order[(int)first + i];
        return new Hits(positions, order.Count);
    }

    private static Hits PickInOrder(Order order, Func<int, bool> matches, long first, int size)
    {
        var page = new List<int>(size);
        var total = 0;
        for (var i = 0; i < order.Count; i++)
        {
            var position = order[i];
            if (!matches(position)) continue;
            if (total >= first && page.Count < size) page.Add(position);
            total++;
        }
        return new Hits(page, total);
    }

    /// <summary>A counting sort by score, each score's products in order of name: two passes, and only the page is kept.</summary>
    private Hits PickByScore(byte[] scores, Func<int, bool>? filter, long first, int size)
    {
        Span<int> counts = stackalloc int[256];
        foreach (var position in _byName)
        {
            if (scores[position] == 0) continue;
            if (filter is null || filter(position)) counts[scores[position]]++;
            else scores[position] = 0;
        }

        Span<long> ranks = stackalloc long[256]; // the rank of the next product with this score
        var total = 0;
        for (var score = 255; score > 0; score--)
        {
            ranks[score] = total;
            total += counts[score];
        }

        var page = new int[Math.Clamp(total - first, 0, size)];
        foreach (var position in _byName)
        {
            if (scores[position] == 0) continue;
            var rank = ranks[scores[position]]++ - first;
            if (rank >= 0 && rank < page.Length) page[rank] = position;
        }
        return new Hits(page, total);
    }

    /// <summary>For each position the sum of the scores of all words, 0 when one of them is missing. Rented: return it.</summary>
    private byte[] Score(List<string> words)
    {
        var sums = Rent();
        FindWord(words[0], sums);
        var scores = words.Count > 1 ? Rent() : null;
        foreach (var word in words.Take(MaxQueryWords).Skip(1))
        {
            scores.AsSpan(0, _products.Length).Clear();
            FindWord(word, scores!);
            for (var i = 0; i < _products.Length; i++)
                sums[i] = sums[i] == 0 || scores![i] == 0 ? (byte)0 : (byte)(sums[i] + scores[i]);
        }
        if (scores is not null) ArrayPool<byte>.Shared.Return(scores);
        return sums;
    }

    private byte[] Rent()
    {
        var scores = ArrayPool<byte>.Shared.Rent(_products.Length);
        scores.AsSpan(0, _products.Length).Clear();
        return scores;
    }

    private void FindWord(string word, byte[] scores)
    {
        void Add(int term, int score)
        {
            foreach (var posting in _postings[term])
            {
                ref var best = ref scores[posting >> 2];
                best = Math.Max(best, (byte)(score + (posting & 3)));
            }
        }

        if (TypoMatcher.Tolerance(word) is > 0 and var limit)
            TypoMatcher.Find(_terms, _sharedPrefixes, word, limit, term => Add(term, ScoreTypo));
        var first = Array.BinarySearch(_terms, word, StringComparer.Ordinal);
        if (first >= 0) Add(first++, ScoreExact);
        else first = ~first;
        for (var term = first; term < _terms.Length && _terms[term].StartsWith(word, StringComparison.Ordinal); term++)
            Add(term, ScorePrefix);
    }

    private Product? Find(int position) => position < _products.Length ? _products[position] : null;

    private static int[] MergePositions(int[] sorted, HashSet<int> gone, List<Product> added, IComparer<int> order)
    {
        var news = added.Select(product => product.Position).ToArray();
        Array.Sort(news, order);
        var kept = gone.Count == 0 ? sorted : Array.FindAll(sorted, position => !gone.Contains(position));
        return Merge(kept, news, order);
    }

    private static int[] Merge(int[] left, int[] right, IComparer<int> order)
    {
        if (left.Length == 0) return right;
        var merged = new int[left.Length + right.Length];
        for (int i = 0, l = 0, r = 0; i < merged.Length; i++)
            merged[i] = r == right.Length || (l < left.Length && order.Compare(left[l], right[r]) <= 0) ? left[l++] : right[r++];
        return merged;
    }

    private (string[] Terms, int[][] Postings) MergeTerms(HashSet<int> gone, List<Product> added)
    {
        var additions = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        foreach (var product in added.OrderBy(product => product.Position))
        {
            foreach (var (term, field) in TermsOf(product))
            {
                if (!additions.TryGetValue(term, out var list)) additions[term] = list = [];
                list.Add((product.Position << 2) | field);
            }
        }
        var touched = gone.SelectMany(position => TermsOf(_products[position]!).Keys).ToHashSet(StringComparer.Ordinal);

        var terms = new List<string>(_terms.Length + additions.Count);
        var postings = new List<int[]>(_terms.Length + additions.Count);
        void Keep(string term, int[] list)
        {
            if (list.Length == 0) return;
            terms.Add(term);
            postings.Add(list);
        }

        using var news = additions.Keys.Order(StringComparer.Ordinal).GetEnumerator();
        var more = news.MoveNext();
        for (var t = 0; t < _terms.Length; t++)
        {
            var term = _terms[t];
            for (; more && string.CompareOrdinal(news.Current, term) < 0; more = news.MoveNext())
                Keep(news.Current, [.. additions[news.Current]]);
            var list = touched.Contains(term) ? Array.FindAll(_postings[t], posting => !gone.Contains(posting >> 2)) : _postings[t];
            if (more && news.Current == term)
            {
                list = Merge(list, [.. additions[term]], Comparer<int>.Default);
                more = news.MoveNext();
            }
            Keep(term, list);
        }
        for (; more; more = news.MoveNext()) Keep(news.Current, [.. additions[news.Current]]);
        return ([.. terms], [.. postings]);
    }

    /// <summary>The words of a product and the best field each is in: 3 name, 2 category, 1 description.</summary>
    private static Dictionary<string, int> TermsOf(Product product)
    {
        var terms = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var word in Words.Of(product.Name)) terms.TryAdd(word, 3);
        foreach (var word in Words.Of(product.Category)) terms.TryAdd(word, 2);
        foreach (var word in Words.Of(product.Description)) terms.TryAdd(word, 1);
        return terms;
    }

    /// <summary>A sorted list of positions (or, without one, the positions themselves), read forwards or backwards.</summary>
    private readonly record struct Order(int[]? Positions, int Count, bool Reverse)
    {
        public int this[int i]
        {
            get
            {
                var at = Reverse ? Count - 1 - i : i;
                return Positions is null ? at : Positions[at];
            }
        }
    }

    private sealed class ByName(Product?[] products) : IComparer<int>
    {
        public int Compare(int x, int y)
        {
            var byName = string.Compare(products[x]!.Name, products[y]!.Name, StringComparison.OrdinalIgnoreCase);
            return byName != 0 ? byName : x.CompareTo(y);
        }
    }

    private sealed class ByPrice(Product?[] products) : IComparer<int>
    {
        public int Compare(int x, int y)
        {
            var byPrice = products[x]!.Price.Amount.CompareTo(products[y]!.Price.Amount);
            return byPrice != 0 ? byPrice : x.CompareTo(y);
        }
    }
}

/// <summary>One page of a search.</summary>
/// <param name="Positions">The products of this page, in order.</param>
/// <param name="Total">How many match on all pages.</param>
public readonly record struct Hits(IReadOnlyList<int> Positions, int Total)
{
    public static readonly Hits None = new([], 0);
}

/// <param name="Id">The slug that filters take.</param>
public sealed record CategoryCount(string Id, int Count)
{
    /// <summary>For people: "coffee-and-tea" is "Coffee and tea".</summary>
    public string Name => char.ToUpperInvariant(Id[0]) + Id[1..].Replace('-', ' ');
}
