using System.Net;

namespace DaprShop.Ordering.Tests;

public class OrderListTests(OrderingShop shop)
{
    [Fact]
    public async Task Orders_are_listed_newest_first_page_by_page()
    {
        var ann = shop.NewMember();
        List<string> placed = [];
        for (var i = 0; i < 53; i++) placed.Insert(0, (await Member.Read<OrderView>(await ann.Post(Member.Order()))).Id);

        List<string> listed = [];
        for (var page = 1; page <= 6; page++)
        {
            var answer = await CheckoutTests.List(ann.Http, $"?page={page}&pageSize=10");
            Assert.Equal((53, page, 10), (answer.Total, answer.PageNumber, answer.PageSize));
            listed.AddRange(answer.Items.Select(order => order.Id));
        }

        Assert.Equal(placed, listed);
        Assert.Empty((await CheckoutTests.List(ann.Http, "?page=7&pageSize=10")).Items);
        Assert.Equal(20, (await CheckoutTests.List(ann.Http)).Items.Count);
    }

    [Fact]
    public async Task Orders_are_listed_by_status()
    {
        var ann = shop.NewMember();
        var confirmed = await ann.Place();
        var rejected = await ann.Place(Member.Order(token: "tok_declined"));

        Assert.Equal(confirmed.Id, Assert.Single((await CheckoutTests.List(ann.Http, "?status=confirmed")).Items).Id);
        Assert.Equal(rejected.Id, Assert.Single((await CheckoutTests.List(ann.Http, "?status=rejected")).Items).Id);
        Assert.Empty((await CheckoutTests.List(ann.Http, "?status=stockReserved")).Items);
    }

    [Fact]
    public async Task Staff_see_everybodys_orders()
    {
        var (ann, bob) = (shop.NewMember(), shop.NewMember());
        var (first, second) = (await ann.Place(), await bob.Place(Member.Order(token: "tok_declined")));

        var all = await CheckoutTests.List(shop.Staff(), "?all=true&pageSize=100");
        var rejected = await CheckoutTests.List(shop.Staff(), "?all=true&status=rejected&pageSize=100");

        var ids = all.Items.Select(order => order.Id).ToList();
        Assert.InRange(ids.IndexOf(second.Id), 0, ids.IndexOf(first.Id) - 1);
        Assert.All(all.Items, order => Assert.NotNull(order.MemberId));
        Assert.Contains(rejected.Items, order => order.Id == second.Id);
        Assert.All(rejected.Items, order => Assert.Equal(OrderStatus.Rejected, order.Status));
        await CheckoutTests.IsProblem(await ann.Http.GetAsync("/api/orders?all=true"), HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("?status=Confirmed")]
    [InlineData("?status=unknown")]
    [InlineData("?page=0")]
    [InlineData("?page=x")]
    [InlineData("?pageSize=101")]
    [InlineData("?pageSize=0")]
    [InlineData("?all=perhaps")]
    public async Task A_malformed_query_is_a_problem(string query) =>
        await CheckoutTests.IsProblem(await shop.NewMember().Http.GetAsync($"/api/orders{query}"), HttpStatusCode.BadRequest);
}
