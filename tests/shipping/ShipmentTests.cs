using CsCheck;
using DaprShop.Contracts;

namespace DaprShop.Shipping.Tests;

/// <summary>The parcel's life and the price list.</summary>
public class ShipmentTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Any_sequence_of_moves_keeps_to_the_road()
    {
        var moves = Gen.Enum<ShipmentStatus>().Array[0, 8];
        moves.Sample(sequence =>
        {
            var shipment = Created();
            foreach (var to in sequence) shipment = shipment.Move(to, s_now) ?? shipment;
            var road = shipment.Events.Select(happened => happened.Status).ToArray();
            Assert.Equal(ShipmentStatus.Created, road[0]);
            Assert.Equal(road.Distinct(), road);
            Assert.False(road.Contains(ShipmentStatus.Cancelled) && road.Length > 2, "A cancelled parcel went somewhere.");
            Assert.True(!road.Contains(ShipmentStatus.Delivered) || road.Contains(ShipmentStatus.Dispatched), "Delivered from nowhere.");
            Assert.Equal(shipment.Status is ShipmentStatus.Cancelled, shipment.Address is null);
        });
    }

    [Fact]
    public void A_parcel_that_was_cancelled_first_can_never_leave() =>
        Assert.Null(Shipment.NeverCreated("order", s_now).Move(ShipmentStatus.Dispatched, s_now));

    [Fact]
    public void The_tracking_number_is_the_same_each_time_and_differs_between_orders()
    {
        Assert.Equal(Created().TrackingNumber, Created().TrackingNumber);
        Assert.NotEqual(Created().TrackingNumber, Shipment.NeverCreated("another", s_now).TrackingNumber);
    }

    [Theory]
    [InlineData("US", 1, "standard", 499)]
    [InlineData("US", 1000, "standard", 499)]
    [InlineData("US", 1001, "standard", 559)]
    [InlineData("DE", 2500, "express", 4599)]
    public void Prices_grow_with_each_kilogram_begun(string country, int grams, string method, long price) =>
        Assert.Equal(price, Rates.For(country, grams).Single(rate => rate.Method == method).Price.Amount);

    [Theory]
    [InlineData("AQ", 1000)]
    [InlineData("ZZ", 1000)]
    [InlineData("BR", 20_001)]
    [InlineData("US", 100_001)]
    public void Where_nobody_delivers_there_is_no_rate(string country, int grams) => Assert.Empty(Rates.For(country, grams));

    [Fact]
    public void What_is_heavier_costs_no_less()
    {
        Gen.Select(Gen.OneOf("US", "CA", "FR", "JP", "BR"), Gen.Int[1, 20_000], Gen.Int[0, 5_000]).Sample((country, grams, more) =>
        {
            var heavier = Rates.For(country, grams + more).ToDictionary(rate => rate.Method, rate => rate.Price.Amount);
            foreach (var rate in Rates.For(country, grams))
                Assert.True(!heavier.TryGetValue(rate.Method, out var price) || price >= rate.Price.Amount);
        });
    }

    [Fact]
    public void A_slot_holds_nothing_that_is_not_due_when_it_begins()
    {
        Gen.Long[0, 10_000_000_000].Sample(ticks =>
        {
            var due = s_now.AddTicks(ticks);
            Assert.True(Slots.Begun(due) <= Slots.At(due));
            Assert.Equal(Slots.At(due), Slots.Begun(due + Slots.Length - TimeSpan.FromTicks(1)));
        });
    }

    private static Shipment Created() => Shipment.Create(
        "order", new CreateShipment("member", "standard", 800, new PostalAddress("A", "B", null, "C", "D", "US")), s_now);
}
