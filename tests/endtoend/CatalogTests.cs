using System.Net;
using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

public sealed class CatalogTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Fact]
    public async Task The_seed_is_there()
    {
        var page = await ListAsync("");
        var categories = await _shop.Anonymous.GetAsync("/api/catalog/categories").ReadAsync<JsonElement>();

        Assert.True(page.Total >= 200, $"{page.Total} products");
        Assert.Equal((20, 1, 20), (page.Items.Count, page.PageNumber, page.PageSize));
        Assert.All(page.Items, product => Assert.True(product is { Id.Length: > 0, Name.Length: > 0, Category.Length: > 0, Price.Currency: "USD" }));
        Assert.True(categories.GetProperty("items").GetArrayLength() >= 8);
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gap_or_overlap()
    {
        var whole = await ListAsync("?sort=name&category=kitchen&pageSize=15");
        var thirds = new List<ProductDoc>();
        for (var page = 1; page <= 3; page++) thirds.AddRange((await ListAsync($"?sort=name&category=kitchen&page={page}&pageSize=5")).Items);

        Assert.Equal(whole.Items.Select(product => product.Id), thirds.Select(product => product.Id));
        Assert.Empty((await ListAsync("?page=10000")).Items);
    }

    [Theory]
    [InlineData("pageSize=101", "pageSize")]
    [InlineData("pageSize=0", "pageSize")]
    [InlineData("page=0", "page")]
    [InlineData("page=-1", "page")]
    [InlineData("page=x", "page")]
    [InlineData("sort=colour", "sort")]
    [InlineData("minPrice=cheap", "minPrice")]
    [InlineData("inStock=perhaps", "inStock")]
    public Task A_wrong_parameter_is_named(string query, string field) =>
        _shop.Anonymous.GetAsync($"/api/catalog/products?{query}").ProblemAsync(400, field);

    [Theory]
    [InlineData("skillet")]
    [InlineData("skilet")]
    [InlineData("SKILLE")]
    [InlineData("iron skillet")]
    public async Task Search_finds_words_beginnings_and_typos(string search) =>
        Assert.Contains((await ListAsync($"?search={Uri.EscapeDataString(search)}")).Items, product => product.Id == "skillet-01");

    [Fact]
    public async Task Search_for_nonsense_finds_nothing() => Assert.Empty((await ListAsync("?search=xqzvwkj")).Items);

    [Fact]
    public async Task Filters_and_orders_hold()
    {
        var some = await ListAsync("?category=kitchen&minPrice=2000&maxPrice=5000&sort=price&pageSize=100");
        Assert.NotEmpty(some.Items);
        Assert.All(some.Items, product => Assert.True(product is { Category: "kitchen", Price.Amount: >= 2000 and <= 5000 }));
        Assert.Equal(some.Items.Select(product => product.Price.Amount).Order(), some.Items.Select(product => product.Price.Amount));

        var dear = (await ListAsync("?sort=-price")).Items.Select(product => product.Price.Amount).ToList();
        Assert.Equal(dear.OrderDescending(), dear);
        var named = (await ListAsync("?sort=name")).Items.Select(product => product.Name).ToList();
        Assert.Equal(named.Order(StringComparer.OrdinalIgnoreCase), named);
    }

    [Fact]
    public async Task In_stock_leaves_out_what_is_not()
    {
        var category = $"c-{Guid.NewGuid():N}";
        var there = await _shop.NewProductAsync(stock: 3, category: category);
        await _shop.NewProductAsync(stock: 0, category: category);

        await Eventually.Async(
            () => ListAsync($"?category={category}&inStock=true"),
            page => page.Items is [var only] && only.Id == there.Id,
            "stock to reach the catalogue");
        Assert.Equal(2, (await ListAsync($"?category={category}")).Total);
    }

    [Theory]
    [InlineData("/api/catalog/products/skillet-01", "application/json")]
    [InlineData("/api/catalog/products/skillet-01/image", "image/")]
    public async Task What_has_not_changed_is_304(string path, string type)
    {
        using var first = await _shop.Anonymous.GetAsync(path);
        var tag = first.Headers.ETag!.ToString();
        Assert.StartsWith(type, first.Content.Headers.ContentType!.MediaType);
        Assert.NotEmpty(await first.Content.ReadAsByteArrayAsync());

        using var again = await _shop.Anonymous.GetAsync(path, ("If-None-Match", tag));
        using var other = await _shop.Anonymous.GetAsync(path, ("If-None-Match", "\"something else\""));

        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Empty(await again.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Theory]
    [InlineData("/api/catalog/products/no-such-thing")]
    [InlineData("/api/catalog/products/no-such-thing/image")]
    [InlineData("/api/catalog/nothing")]
    public Task What_is_not_there_is_404(string path) => _shop.Anonymous.GetAsync(path).ProblemAsync(404);

    [Fact]
    public async Task The_image_of_a_product_is_where_the_product_says()
    {
        var product = await _shop.Anonymous.GetAsync("/api/catalog/products/skillet-01").ReadAsync<ProductDoc>();

        await _shop.Anonymous.GetAsync(product.ImageUrl).ExpectAsync(HttpStatusCode.OK);
    }

    [Fact]
    public async Task HEAD_answers_the_headers_alone()
    {
        using var response = await _shop.Anonymous.SendAsync(HttpMethod.Head, "/api/catalog/products/skillet-01");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.NotNull(response.Headers.ETag);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Staff_create_change_and_delete_a_product()
    {
        var staff = await _shop.StaffAsync();
        using var created = await staff.PostAsync("/api/catalog/products", Shop.NewProduct(price: 500));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var path = created.Headers.Location!.ToString();
        var first = await TagOfAsync(path);

        await staff.PutAsync(path, Changed(), ("If-Match", first)).ExpectAsync(HttpStatusCode.OK);
        await staff.PutAsync(path, Changed(), ("If-Match", first)).ProblemAsync(412);
        await staff.DeleteAsync(path, ("If-Match", first)).ProblemAsync(412);

        var product = await _shop.Anonymous.GetAsync(path).ReadAsync<ProductDoc>();
        Assert.Equal(("Better Kettle", 700), (product.Name, product.Price.Amount));
        await staff.DeleteAsync(path, ("If-Match", await TagOfAsync(path))).ExpectAsync(HttpStatusCode.NoContent);
        await _shop.Anonymous.GetAsync(path).ProblemAsync(404);
    }

    [Fact]
    public async Task Staff_see_what_is_wrong_with_a_product()
    {
        var staff = await _shop.StaffAsync();

        await staff.PostAsync("/api/catalog/products", new { name = "", category = "Not A Slug", price = new Money(-1, "USD") })
            .ProblemAsync(400, "name", "category", "price.amount");
        foreach (var price in new object[] { new { currency = "USD" }, new { amount = 1299 }, new { amount = "1299", currency = "USD" } })
            await staff.PostAsync("/api/catalog/products", new { name = "Kettle", category = "kettles", price }).ProblemAsync(400);
        await staff.PostAsync("/api/catalog/products", Answers.Text("{\"name\":")).ProblemAsync(400);
        await staff.PostAsync("/api/catalog/products", Answers.Text("<name/>", "application/xml")).ProblemAsync(415);
    }

    [Fact]
    public async Task A_member_may_not_change_the_catalogue()
    {
        var member = await _shop.SomeoneAsync();

        await member.PostAsync("/api/catalog/products", Shop.NewProduct()).ProblemAsync(403);
        await member.PutAsync("/api/catalog/products/skillet-01", Changed(), ("If-Match", "*")).ProblemAsync(403);
        await member.DeleteAsync("/api/catalog/products/skillet-01", ("If-Match", "*")).ProblemAsync(403);
    }

    private static object Changed() =>
        new { name = "Better Kettle", description = "Boils faster.", category = "test-things", price = new Money(700, "USD"), weightGrams = 800 };

    private Task<Page<ProductDoc>> ListAsync(string query) =>
        _shop.Anonymous.GetAsync($"/api/catalog/products{query}").ReadAsync<Page<ProductDoc>>();

    private async Task<string> TagOfAsync(string path)
    {
        using var response = await _shop.Anonymous.GetAsync(path);
        return response.Headers.ETag!.ToString();
    }
}
