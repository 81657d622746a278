// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice The cheatcodes that the scripts of the corpus use.
interface Vm {
    /// @notice Every call and creation from here on is a transaction of `sender`.
    function startBroadcast(address sender) external;
    /// @notice Ends `startBroadcast`.
    function stopBroadcast() external;
}

/// @notice A migration as its authors wrote it: `deploy` makes the world before it, `run` is the migration.
abstract contract Script {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    // The development accounts of anvil.
    address internal constant OWNER = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266;
    address internal constant ALICE = 0x70997970C51812dc3A010C7d01b50e0d17dc79C8;
    address internal constant BOB = 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC;
    address internal constant CAROL = 0x90F79bf6EB2c4f870365E785982E1f101E93b906;
    address internal constant DAVE = 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65;
    address internal constant OPERATOR = 0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc;

    /// @notice Every transaction in the body is one of `sender`.
    modifier broadcast(address sender) {
        vm.startBroadcast(sender);
        _;
        vm.stopBroadcast();
    }

    /// @notice Where the contract stands that `creator` made as its transaction number `nonce` (below 128).
    function created(address creator, uint8 nonce) internal pure returns (address) {
        bytes1 encoded = nonce == 0 ? bytes1(0x80) : bytes1(nonce);
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", creator, encoded)))));
    }

    function deploy() external virtual;
    function run() external virtual;
}
