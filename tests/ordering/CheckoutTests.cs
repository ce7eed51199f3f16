using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Contracts;

[assembly: AssemblyFixture(typeof(DaprShop.Ordering.Tests.OrderingShop))]

namespace DaprShop.Ordering.Tests;

public class CheckoutTests(OrderingShop shop)
{
    [Fact]
    public async Task An_accepted_order_can_be_read_at_once_and_is_confirmed()
    {
        var ann = shop.NewMember();

        var response = await ann.Post(Member.Order(quantity: 3));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var order = await Member.Read<OrderView>(response);
        Assert.Equal($"/api/orders/{order.Id}", response.Headers.Location?.ToString());
        Assert.Equal((Some.Usd(300), Some.Usd(499), Some.Usd(799)), (order.Subtotal, order.ShippingCost, order.Total));
        Assert.Equal("KETTLE-01", Assert.Single(order.Items).Name);
        Assert.Null(order.MemberId);

        Assert.Equal(order.Id, (await ann.Get(order.Id)).Id);
        Assert.Equal(order.Id, Assert.Single((await List(ann.Http)).Items).Id);

        await ann.Becomes(order.Id, OrderStatus.Confirmed);
        await shop.Eventually(() => Told(order.Id).Count >= 2, "both events");
        Assert.Equal([$"order-{order.Id}-1", $"order-{order.Id}-7"], Told(order.Id).Select(told => told.EventId).Distinct().Order());
        var books = shop.Peers.Of(order.Id);
        Assert.Equal(("committed", "captured", "created", 1), (books.Stock, books.Payment, books.Shipment, books.Captures));
    }

    [Fact]
    public async Task Who_prefers_to_wait_gets_the_confirmed_order()
    {
        var response = await shop.NewMember().Post(Member.Order(), wait: 20);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("wait=20", response.Headers.GetValues("Preference-Applied").Single());
        Assert.Equal(OrderStatus.Confirmed, (await Member.Read<OrderView>(response)).Status);
    }

    [Fact]
    public async Task When_the_wait_is_over_the_order_is_answered_as_it_is()
    {
        var ann = shop.NewMember();
        var gate = shop.Peers.Hold("authorize", ann.Id);

        var response = await ann.Post(Member.Order(), wait: 1);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var order = await Member.Read<OrderView>(response);
        Assert.Equal(OrderStatus.StockReserved, order.Status);
        gate.SetResult();
        await ann.Becomes(order.Id, OrderStatus.Confirmed);
    }

    [Fact]
    public async Task Lines_of_the_same_product_are_one()
    {
        var order = await shop.NewMember().Place(new
        {
            items = new[] { new { productId = "cup-01", quantity = 1 }, new { productId = "cup-01", quantity = 4 } },
            shippingAddress = Some.Address,
            shippingMethod = "express",
            paymentToken = "tok_ok",
        });

        Assert.Equal(5, Assert.Single(order.Items).Quantity);
    }

    [Fact]
    public async Task A_basket_can_be_ordered_at_the_catalogues_prices()
    {
        var ann = shop.NewMember();
        var stale = new BasketItem("pot-01", "Pot", Some.Usd(1), 2, Some.Usd(2));
        shop.Peers.Baskets = new Dictionary<string, BasketView> { [ann.Id] = new([stale], Some.Usd(2)) };
        object body = new { fromBasket = true, shippingAddress = Some.Address, shippingMethod = "standard", paymentToken = "tok_ok" };

        Assert.Equal(Some.Usd(200), (await ann.Place(body)).Subtotal);

        var empty = await shop.NewMember().Post(body);
        Assert.Equal(HttpStatusCode.BadRequest, empty.StatusCode);
    }

    [Fact]
    public async Task The_same_key_and_body_are_one_order_and_another_body_is_refused()
    {
        var ann = shop.NewMember();
        var first = await Member.Read<OrderView>(await ann.Post(Member.Order(), "key-1"));

        var second = await ann.Post(Member.Order(), "key-1", wait: 20);
        var other = await ann.Post(Member.Order(quantity: 9), "key-1");
        var othersKey = await shop.NewMember().Post(Member.Order(quantity: 9), "key-1");

        Assert.Equal(first.Id, (await Member.Read<OrderView>(second)).Id);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, othersKey.StatusCode);
        Assert.Equal(1, (await List(ann.Http)).Total);
    }

    [Fact]
    public async Task A_repeated_request_finds_its_order_though_the_basket_is_empty_and_the_order_on_no_list_yet()
    {
        var ann = shop.NewMember();
        var gate = shop.Peers.Hold("authorize", ann.Id);
        shop.Peers.Baskets = new Dictionary<string, BasketView>
        {
            [ann.Id] = new([new BasketItem("pot-01", "Pot", Some.Usd(100), 2, Some.Usd(200))], Some.Usd(200)),
        };
        object body = new { fromBasket = true, shippingAddress = Some.Address, shippingMethod = "standard", paymentToken = "tok_ok" };
        var first = ann.Post(body, "again", wait: 20);
        await shop.Peers.ReachedAsync("authorize", ann.Id);
        shop.Peers.Baskets = new Dictionary<string, BasketView>();

        var second = await ann.Post(body, "again");

        Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        gate.SetResult();
        Assert.Equal((await Member.Read<OrderView>(await first)).Id, (await Member.Read<OrderView>(second)).Id);
    }

    [Fact]
    public async Task Requests_that_race_with_the_same_key_are_one_order()
    {
        var ann = shop.NewMember();

        var responses = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ann.Post(Member.Order(), "race", wait: 20)));

        var ids = new HashSet<string>();
        foreach (var response in responses) ids.Add((await Member.Read<OrderView>(response)).Id);
        Assert.Equal(1, shop.Peers.Of(Assert.Single(ids)).Captures);
        Assert.Equal(1, (await List(ann.Http)).Total);
    }

    [Fact]
    public async Task Orders_that_race_are_all_in_the_book()
    {
        var ann = shop.NewMember();

        var responses = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => ann.Post(Member.Order())));

        Assert.All(responses, response => Assert.Equal(HttpStatusCode.Accepted, response.StatusCode));
        Assert.Equal(12, (await List(ann.Http)).Items.Select(order => order.Id).Distinct().Count());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("has space")]
    public async Task A_proper_idempotency_key_is_required(string? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders") { Content = JsonContent.Create(Member.Order()) };
        if (key is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", key);

        await IsProblem(await shop.NewMember().Http.SendAsync(request), HttpStatusCode.BadRequest);
    }

    public static TheoryData<string, string?> Malformed => new()
    {
        { "{}", "items" },
        { "[]", null },
        { "{\"items\":", null },
        { Body("\"items\":[]"), "items" },
        { Body("\"items\":[null]"), "items[0].productId" },
        { Body("\"items\":[{\"productId\":\"cup-01\"}]"), "items[0].quantity" },
        { Body("\"items\":[{\"productId\":\"cup-01\",\"quantity\":0}]"), "items[0].quantity" },
        { Body("\"items\":[{\"productId\":\"cup-01\",\"quantity\":100}]"), "items[0].quantity" },
        { Body("\"items\":[{\"productId\":\"cup-01\",\"quantity\":\"1\"}]"), null },
        { Body("\"items\":[{\"productId\":\"cup-01\",\"quantity\":60},{\"productId\":\"cup-01\",\"quantity\":60}]"), "items" },
        { Body($"\"items\":[{string.Join(',', Enumerable.Range(0, 51).Select(i => $"{{\"productId\":\"p{i}\",\"quantity\":1}}"))}]"), "items" },
        { Body("\"items\":[{\"productId\":\"cup-01\",\"quantity\":1}],\"fromBasket\":true"), "items" },
        { Body("\"items\":[{\"productId\":\"unknown-1\",\"quantity\":1}]"), "items[0].productId" },
        { Body(token: "4111111111111111"), "paymentToken" },
        { Body(token: ""), "paymentToken" },
        { Body(method: "pigeon"), "shippingMethod" },
        { Body(country: "us"), "shippingAddress.country" },
        { Body(country: Peers.NowhereCountry), "shippingAddress.country" },
        { Body(city: ""), "shippingAddress.city" },
        { Body(city: new string('x', 101)), "shippingAddress.city" },
        { Body(city: "a\\u0000b"), "shippingAddress.city" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_malformed_order_is_a_problem_and_nothing_is_written(string body, string? field)
    {
        var ann = shop.NewMember();
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/orders")
        {
            Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", "key");

        var problem = await IsProblem(await ann.Http.SendAsync(request), HttpStatusCode.BadRequest);

        if (field is not null) Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
        Assert.Equal(0, (await List(ann.Http)).Total);
    }

    [Fact]
    public async Task Without_a_token_nothing_is_answered()
    {
        var anonymous = shop.Host.Client("ordering");

        await IsProblem(await anonymous.GetAsync("/api/orders"), HttpStatusCode.Unauthorized);
        await IsProblem(await anonymous.PostAsJsonAsync("/api/orders", Member.Order()), HttpStatusCode.Unauthorized);
    }

    internal static async Task<JsonElement> IsProblem(HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        return problem;
    }

    internal static async Task<Page<OrderView>> List(HttpClient http, string query = "") =>
        await Member.Read<Page<OrderView>>(await http.GetAsync($"/api/orders{query}"));

    private List<OrderChanged> Told(string orderId) => [.. shop.Peers.Told.Where(told => told.OrderId == orderId)];

    private static string Body(
        string items = "\"items\":[{\"productId\":\"cup-01\",\"quantity\":1}]", string token = "tok_ok", string method = "standard",
        string country = "US", string city = "Springfield") =>
        $$"""
        { {{items}}, "paymentToken": "{{token}}", "shippingMethod": "{{method}}", "shippingAddress": {
          "recipient": "Ann", "line1": "1 Main St", "city": "{{city}}", "postalCode": "12345", "country": "{{country}}" } }
        """;
}
